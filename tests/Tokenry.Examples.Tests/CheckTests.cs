using System.Runtime.Versioning;
using Tokenry.Examples.Tests.Support;

namespace Tokenry.Examples.Tests;

/// <summary>What the examples print for a person to type, typed.</summary>
[SupportedOSPlatform("linux")]
public sealed class CheckTests
{
    [Theory]
    [InlineData("nginx", Engine.Postgres, "api nginx tokenry")]
    [InlineData("caddy", Engine.Sqlite, "api caddy tokenry")]
    [InlineData("git", Engine.Sqlite, "fcgiwrap nginx tokenry")]
    [InlineData("ladder", Engine.Sqlite, "api tokenry")]
    [InlineData("devices", Engine.Postgres, "hub tokenry")]
    public async Task An_example_keeps_what_it_prints_and_ends_what_it_started(string name, Engine engine, string parts)
    {
        var connection = engine == Engine.Postgres ? await (await PostgresCluster.StartAsync()).CreateDatabaseAsync() : null;
        var folder = Directory.CreateTempSubdirectory("tokenry-example-").FullName;
        try
        {
            var check = (await Example.CheckAsync(name, folder, connection)).Expect(0);
            Assert.Contains("All as promised.", check.Output);
            Assert.DoesNotContain("expected", check.Output);
            var processes = Example.Processes(folder);
            Assert.Equal(parts, string.Join(' ', processes.Keys.Order(StringComparer.Ordinal)));
            Assert.DoesNotContain(processes.Values, Posix.IsAlive);
            Assert.Empty(Example.Exposed(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
