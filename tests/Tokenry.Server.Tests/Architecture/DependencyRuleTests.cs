using System.Text.RegularExpressions;
using System.Xml.Linq;
using Tokenry.Server.Composition;

namespace Tokenry.Server.Tests.Architecture;

/// <summary>Who may use whom, as ARCHITECTURE.md has it: held by what the built assemblies refer to and by what the sources name.</summary>
public sealed partial class DependencyRuleTests
{
    [Fact]
    public void A_room_uses_only_rooms_below_it()
    {
        var rooms = RoomTable.Rooms();
        var looked = 0;
        var faults = new List<string>();
        foreach (var type in typeof(TokenryServer).Assembly.GetTypes())
        {
            if (RoomTable.RoomOf(type.Namespace) is not { } room)
            {
                continue; // Program, and what the compiler makes
            }

            looked++;
            var floor = Array.IndexOf(rooms, RoomTable.RowOf(room));
            Assert.True(floor >= 0, $"{room}, the room of {type.FullName}, has no row in ARCHITECTURE.md");
            faults.AddRange(
                TypeReferences
                    .Of(type)
                    .Select(used => (Type: used, Room: RoomTable.RoomOf(used.Namespace)))
                    .Where(used => used.Room is not null && used.Room != room && Array.IndexOf(rooms, RoomTable.RowOf(used.Room)) <= floor)
                    .Select(used => $"{type.FullName} ({room}) uses {used.Type.FullName} ({used.Room})")
            );
        }

        Assert.True(looked > 300, $"only {looked} types were looked at");
        Assert.True(faults.Count == 0, string.Join('\n', faults.Distinct()));
    }

    /// <summary>Constants are copied into the code that uses them, so the assembly does not show it. The sources do.</summary>
    [Fact]
    public void No_source_names_the_namespace_of_a_room_that_is_not_below_its_own()
    {
        var rooms = RoomTable.Rooms();
        var faults = new List<string>();
        var named = 0;
        foreach (var (path, lines) in SourceFiles.Of("src/Tokenry.Server"))
        {
            var room = RoomTable.RoomOf(Path.GetDirectoryName(path)!["src/".Length..].Replace('/', '.'));
            foreach (var line in lines.Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)))
            {
                foreach (Match match in Name().Matches(line))
                {
                    named++;
                    var used = RoomTable.RoomOf("Tokenry.Server." + match.Groups["room"].Value);
                    if (used != room && Array.IndexOf(rooms, RoomTable.RowOf(used!)) <= Array.IndexOf(rooms, RoomTable.RowOf(room!)))
                    {
                        faults.Add($"{path}: {line.Trim()}");
                    }
                }
            }
        }

        Assert.True(named > 1000, $"only {named} names were looked at");
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [GeneratedRegex(
        @"\b(?<room>Composition|(?:Features|Core|Platform)\.[A-Z]\w+)\b(?=[.;])",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Name();

    [Fact]
    public void Projects_refer_only_to_the_projects_their_row_names()
    {
        var table = RoomTable.Projects();
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
    public void Every_room_has_a_row_and_every_row_a_room()
    {
        var root = Path.Combine(Repository.Root, "src", "Tokenry.Server");
        var rooms = new[] { "Core", "Platform" }
            .SelectMany(floor =>
                Directory.GetDirectories(Path.Combine(root, floor)).Select(folder => $"{floor}/{Path.GetFileName(folder)}")
            )
            .Concat(["Composition", "Features/*"]);
        Assert.Equal(rooms.Order(StringComparer.Ordinal), RoomTable.Rooms().Order(StringComparer.Ordinal));

        var page = File.ReadAllText(Path.Combine(Repository.Root, "ARCHITECTURE.md"));
        var features = Directory.GetDirectories(Path.Combine(root, "Features")).Select(Path.GetFileName);
        Assert.All(features, feature => Assert.Contains($"{feature}/", page, StringComparison.Ordinal));
    }
}
