using System.Runtime.Versioning;
using Dapper;
using Npgsql;

namespace Tokenry.Server.Tests.Composition;

/// <summary>A.11 and B.2: what the server asks of the machine it runs on, and what it keeps from it.</summary>
[SupportedOSPlatform("linux")]
public sealed class HostTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Theory, BothEngines]
    public async Task A_data_directory_that_others_can_read_is_closed_and_that_is_said(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        await server.StopAsync();
        File.SetUnixFileMode(
            server.DataDirectory,
            OwnerOnly | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        );
        var keys = Path.Combine(server.DataDirectory, "tokenry.keys");
        File.SetUnixFileMode(keys, OwnerOnly | UnixFileMode.OtherRead);
        await server.LaunchAsync();
        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(server.DataDirectory));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(keys));
        Assert.Contains(
            server.StandardOutput,
            line => line.Contains($"{server.DataDirectory} was open to other users (mode 0750)", StringComparison.Ordinal)
        );
        Assert.Contains(
            server.StandardOutput,
            line => line.Contains($"{keys} was open to other users (mode 0604)", StringComparison.Ordinal)
        );
    }

    [Theory, BothEngines]
    public async Task Every_file_is_for_its_user_alone(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        await server.AdminAsync();
        Assert.Equal("Umask:\t0077", Assert.Single(await File.ReadAllLinesAsync($"/proc/{server.ProcessId}/status"), IsUmask));
        var files = Directory.GetFiles(server.DataDirectory);
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.Equal(OwnerOnly, File.GetUnixFileMode(file) & ~UnixFileMode.UserExecute));

        static bool IsUmask(string line) => line.StartsWith("Umask:", StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_process_has_no_door_for_debuggers_and_leaves_no_core()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        foreach (var pattern in new[] { $"dotnet-diagnostic-{server.ProcessId}-*", $"clr-debug-pipe-{server.ProcessId}-*" })
            Assert.Empty(Directory.GetFileSystemEntries(Path.GetTempPath(), pattern));
        var limits = await File.ReadAllLinesAsync($"/proc/{server.ProcessId}/limits");
        Assert.Matches(
            @"Max core file size\s+0\s+0\s",
            Assert.Single(limits, line => line.StartsWith("Max core file size", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task An_issuer_that_is_not_ASCII_is_refused_with_its_punycode()
    {
        var options = new ServerOptions
        {
            Settings = new Dictionary<string, string?> { ["Tokenry:Issuer"] = "https://tökens.example.com" },
        };
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite, options);
        var result = await server.RunAsync("--urls", server.Address);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("is not ASCII", result.Error, StringComparison.Ordinal);
        Assert.Contains("xn--tkens-jua.example.com", result.Error, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task A_clock_behind_the_newest_audit_entry_is_told_of_and_does_not_stop_the_start(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        await server.StopAsync();
        Assert.DoesNotContain(server.StandardOutput, IsAboutClock);
        var tomorrow = DateTimeOffset.UtcNow.AddDays(1).ToUnixTimeMilliseconds();
        const string sql = "UPDATE audit_events SET at = @tomorrow WHERE seq = (SELECT max(seq) FROM audit_events)";
        if (server.ConnectionString is { } postgres)
        {
            await using var connection = new NpgsqlConnection(postgres);
            await connection.ExecuteAsync(sql, new { tomorrow });
        }
        else
        {
            await using var connection = new Microsoft.Data.Sqlite.SqliteConnection(
                $"Data Source={Path.Combine(server.DataDirectory, "tokenry.db")};Pooling=False"
            );
            await connection.ExecuteAsync(sql, new { tomorrow });
        }

        await server.LaunchAsync();
        Assert.Contains(server.StandardOutput, IsAboutClock);

        static bool IsAboutClock(string line) => line.Contains("The clock is behind by", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_not_UTF8_is_refused_with_what_to_do()
    {
        var cluster = await PostgresCluster.StartAsync();
        await using (var connection = new NpgsqlConnection(cluster.AdminConnectionString))
        {
            await connection.ExecuteAsync(
                "DROP DATABASE IF EXISTS latin; CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C' LOCALE_PROVIDER libc"
            );
        }

        var options = new ServerOptions { ConnectionString = $"Host=127.0.0.1;Port={cluster.Port};Username=postgres;Database=latin" };
        await using var server = await ServerProcess.PrepareAsync(Engine.Postgres, options);
        var result = await server.RunAsync("--urls", server.Address);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("has the encoding LATIN1", result.Error, StringComparison.Ordinal);
        Assert.Contains("ENCODING 'UTF8'", result.Error, StringComparison.Ordinal);
    }
}
