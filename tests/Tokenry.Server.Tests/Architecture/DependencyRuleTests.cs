using System.Reflection;
using System.Xml.Linq;

namespace Tokenry.Server.Tests.Architecture;

/// <summary>Who may use whom, as ARCHITECTURE.md has it: held by what the built assemblies refer to and by what the sources name.</summary>
public sealed class DependencyRuleTests
{
    private static readonly Assembly[] Assemblies = [typeof(TokenryServer).Assembly, typeof(Protocol.Api.Problem).Assembly];

    [Fact]
    public void A_room_uses_only_the_rooms_its_row_names()
    {
        var table = RoomTable.Read();
        var rooms = 0;
        var faults = new List<string>();
        foreach (var type in Assemblies.SelectMany(assembly => assembly.GetTypes()))
        {
            // The composition root (Program, TokenryServer, the command) puts everything together.
            if (RoomTable.RoomOf(type.Namespace) is not { } room || room == "Tokenry.Server")
            {
                continue;
            }

            rooms++;
            var mayUse = table[RoomTable.RowOf(room)];
            faults.AddRange(
                TypeReferences
                    .Of(type)
                    .Select(used => (Type: used, Room: RoomTable.RoomOf(used.Namespace)))
                    .Where(used => used.Room is not null && used.Room != room && !mayUse.Contains(used.Room))
                    .Select(used => $"{type.FullName} ({room}) uses {used.Type.FullName} ({used.Room})")
            );
        }

        Assert.True(rooms > 200, $"only {rooms} types were looked at");
        Assert.True(faults.Count == 0, string.Join('\n', faults.Distinct()));
    }

    /// <summary>Constants are copied into who uses them, so the assemblies do not show it: the sources do.</summary>
    [Fact]
    public void No_source_names_a_feature_from_another_room()
    {
        var faults = new List<string>();
        foreach (var (path, lines) in SourceFiles.Of("src/Tokenry.Server"))
        {
            var room = path.Split('/') is ["src", "Tokenry.Server", "Features", var own, ..] ? own : null;
            if (room is null && !path.StartsWith("src/Tokenry.Server/Foundation/", StringComparison.Ordinal))
            {
                continue;
            }

            faults.AddRange(
                lines
                    .Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal))
                    .SelectMany(
                        // A request's feature collection is no room of ours.
                        line => line.Replace("context.Features.", "", StringComparison.Ordinal).Split("Features.").Skip(1),
                        (line, rest) => (line, Named: rest.Split('.', ';', ' ', ')', '"')[0])
                    )
                    .Where(use => use.Named != room)
                    .Select(use => $"{path}: {use.line.Trim()}")
            );
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Fact]
    public void Projects_refer_only_to_the_projects_their_row_names()
    {
        var table = RoomTable.Read();
        foreach (var project in Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories))
        {
            var name = Path.GetFileNameWithoutExtension(project);
            var references = XDocument
                .Load(project)
                .Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
            Assert.True(table.ContainsKey(name), $"{name} has no row in ARCHITECTURE.md");
            Assert.Empty(references.Except(table[name]));
        }
    }

    [Fact]
    public void Protocol_knows_neither_ASP_NET_nor_any_package()
    {
        var references = typeof(Protocol.Api.Problem).Assembly.GetReferencedAssemblies().Select(assembly => assembly.Name!);
        Assert.All(references, name => Assert.StartsWith("System.", name, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_room_of_the_table_and_of_the_page_exists()
    {
        foreach (var room in RoomTable.Read().Keys.Select(room => room.Replace("/*", "", StringComparison.Ordinal)))
        {
            var folder = room.StartsWith("Tokenry.", StringComparison.Ordinal) ? $"src/{room}" : $"src/Tokenry.Server/{room}";
            Assert.True(Directory.Exists(Path.Combine(Repository.Root, folder)), $"{folder} is gone");
        }

        var page = File.ReadAllText(Path.Combine(Repository.Root, "ARCHITECTURE.md"));
        var folders = new[] { "Features", "Foundation" }.SelectMany(floor =>
            Directory.GetDirectories(Path.Combine(Repository.Root, "src", "Tokenry.Server", floor))
        );
        Assert.All(folders.Select(Path.GetFileName), folder => Assert.Contains($"{folder}/", page, StringComparison.Ordinal));
    }
}
