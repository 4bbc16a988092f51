using System.Text;
using System.Text.Json;
using System.Xml.Linq;

namespace Tokenry.Server.Tests.Contracts;

/// <summary>dependencies.txt: every package of what we ship, direct or not, with its licence as the package itself states it.</summary>
public sealed class DependenciesTests
{
    private static readonly string[] Allowed =
    [
        "MIT",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "PostgreSQL",
        "MPL-2.0",
        "public domain",
    ];

    [Fact]
    public async Task We_depend_on_what_dependencies_txt_says() =>
        await GoldenFile.CompareAsync(
            "dependencies.txt",
            string.Join(
                '\n',
                Packages().Select(package => $"{package.Project}: {package.Name} {package.Version} ({package.Type}, {Licence(package)})")
            )
        );

    [Fact]
    public void Every_licence_is_one_that_lets_others_use_us()
    {
        var refused = Packages()
            .Where(package => !Licence(package).Split(" OR ").Any(Allowed.Contains)) // the user chooses
            .Select(package => $"{package.Name}: {Licence(package)}");
        Assert.Empty(refused);
    }

    [Fact]
    public void Every_direct_dependency_has_its_line_in_the_decision()
    {
        var decision = File.ReadAllText(Path.Combine(Repository.Root, "docs", "decisions", "0003-dependencies.md"));
        var direct = Packages().Where(package => package.Type == "direct").ToList();
        Assert.NotEmpty(direct);
        // `SQLitePCLRaw.core, .provider.e_sqlite3` names a family once.
        Assert.DoesNotContain(
            direct,
            package =>
                !decision.Contains(package.Name, StringComparison.Ordinal)
                && !decision.Contains(package.Name.Replace("SQLitePCLRaw", "", StringComparison.Ordinal), StringComparison.Ordinal)
        );
        Assert.DoesNotContain(direct, package => !decision.Contains($"| {package.Version} |", StringComparison.Ordinal));
    }

    private static List<Package> Packages() =>
        [
            .. Directory
                .GetFiles(Path.Combine(Repository.Root, "src"), "packages.lock.json", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .SelectMany(Read),
        ];

    private static IEnumerable<Package> Read(string lockFile)
    {
        var project = Path.GetFileName(Path.GetDirectoryName(lockFile)!);
        using var document = JsonDocument.Parse(File.ReadAllText(lockFile, Encoding.UTF8));
        var packages = new List<Package>();
        foreach (
            var package in document
                .RootElement.GetProperty("dependencies")
                .EnumerateObject()
                .SelectMany(target => target.Value.EnumerateObject())
        )
        {
            var type = package.Value.GetProperty("type").GetString()!;
            if (type != "Project")
            {
                packages.Add(
                    new Package(project, package.Name, package.Value.GetProperty("resolved").GetString()!, type.ToLowerInvariant())
                );
            }
        }

        return packages.OrderBy(package => package.Name, StringComparer.OrdinalIgnoreCase);
    }

    private static string Licence(Package package)
    {
        var folder =
            Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
#pragma warning disable CA1308 // the folder's own names are lower case
        var id = package.Name.ToLowerInvariant();
#pragma warning restore CA1308
        var metadata = XDocument.Load(Path.Combine(folder, id, package.Version, id + ".nuspec")).Root!.Elements().First();
        var licence = metadata.Elements().FirstOrDefault(element => element.Name.LocalName == "license");
        return licence?.Attribute("type")?.Value == "expression" ? licence.Value
            // A file instead of an expression: https://sqlite.org/copyright.html.
            : package.Name is "SQLite" or "SourceGear.sqlite3" ? "public domain"
            // Likewise: https://github.com/kspearrin/Otp.NET/blob/master/LICENSE.txt.
            : package.Name is "Otp.NET" ? "MIT"
            : "no expression";
    }

    private sealed record Package(string Project, string Name, string Version, string Type);
}
