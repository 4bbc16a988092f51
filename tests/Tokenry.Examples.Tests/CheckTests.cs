using Tokenry.Examples.Tests.Support;

namespace Tokenry.Examples.Tests;

/// <summary>What the examples print for a person to type, typed.</summary>
public sealed class CheckTests
{
    [Theory]
    [InlineData("nginx", Engine.Postgres)]
    [InlineData("caddy", Engine.Sqlite)]
    [InlineData("git", Engine.Sqlite)]
    public async Task An_example_keeps_what_it_prints_and_ends_what_it_started(string name, Engine engine)
    {
        var connection = engine == Engine.Postgres ? await (await PostgresCluster.StartAsync()).CreateDatabaseAsync() : null;
        var folder = Directory.CreateTempSubdirectory("tokenry-example-").FullName;
        try
        {
            var check = (await Example.CheckAsync(name, folder, connection)).Expect(0);
            Assert.Contains("All as promised.", check.Output);
            Assert.DoesNotContain("expected", check.Output);
            var processes = Example.Processes(folder);
            Assert.Equal(3, processes.Count);
            Assert.DoesNotContain(processes.Values, Posix.IsAlive);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
