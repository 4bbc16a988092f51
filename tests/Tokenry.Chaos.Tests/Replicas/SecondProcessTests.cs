using System.Diagnostics;

namespace Tokenry.Chaos.Tests.Replicas;

/// <summary>R29: SQLite belongs to one process.</summary>
public sealed class SecondProcessTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_second_process_on_one_data_directory_says_so_and_ends()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        await using var second = await ServerProcess.PrepareAsync(
            Engine.Sqlite,
            new ServerOptions { DataDirectory = server.DataDirectory }
        );
        var times = new List<TimeSpan>();
        for (var attempt = 0; attempt < 4; attempt++)
        {
            var took = Stopwatch.StartNew();
            var result = await second.RunAsync("--urls", second.Address);
            times.Add(took.Elapsed);
            Assert.Equal(1, result.ExitCode);
            Assert.Equal(
                $"Another process holds the data directory {server.DataDirectory}. Stop it, or set Tokenry:DataDirectory.",
                result.Error
            );
        }
        output.WriteLine($"refused after {string.Join(", ", times.Select(time => $"{time.TotalSeconds:0.00} s"))}");
        // Starting a process costs what else the machine does, too: the quickest is the server's own time.
        Assert.True(times.Min() <= TimeSpan.FromSeconds(1), $"took {times.Min()}");
        Assert.True(times.Max() <= TimeSpan.FromSeconds(3), $"took {times.Max()}");
        // The first is not disturbed: its lock, its state file and its socket are its own.
        await (await server.AdminAsync()).GetAsync("/v1/me").Expect(200);
    }

    [Fact]
    public async Task A_killed_process_holds_nothing()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        server.Kill();
        var admin = await server.AdminTokenAsync(); // takes the lock itself, in spite of the socket and state file left behind
        await server.LaunchAsync();
        await server.Client(admin).GetAsync("/v1/me").Expect(200);
        await server.Client(await server.AdminTokenAsync()).GetAsync("/v1/me").Expect(200);
    }
}
