using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.Json;

namespace Tokenry.Server.Tests.Composition;

/// <summary>The server's own process, from its first word to its last.</summary>
[SupportedOSPlatform("linux")]
public sealed class StartupTests
{
    [Fact]
    public async Task All_faults_of_the_configuration_are_reported_in_one_run()
    {
        await using var server = await PrepareAsync(
            ("Tokenry:Issuer", "http://tokens.example.com"),
            ("Tokenry:Brand", "Capital"),
            ("Tokenry:TrustedProxies", "nonsense"),
            ("Tokenry:Isuer", "x")
        );
        var result = await server.RunAsync("--urls", server.Address);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal(4, result.Error.Split('\n').Length);
        foreach (
            var named in new[]
            {
                "Tokenry:Issuer 'http://tokens.example.com'",
                "'Capital'",
                "'nonsense'",
                "Tokenry:Isuer is not a setting. Did you mean Tokenry:Issuer?",
            }
        )
            Assert.Contains(named, result.Error, StringComparison.Ordinal);
        Assert.Equal("", result.Output);
        Assert.False(Directory.Exists(server.DataDirectory)); // nothing was touched
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_named()
    {
        var options = new ServerOptions { ConnectionString = "Host=127.0.0.1;Port=1;Username=x;Password=hunter2hunter2;Database=tokens" };
        await using var server = await ServerProcess.PrepareAsync(Engine.Postgres, options);
        var result = await server.RunAsync("--urls", server.Address);
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("PostgreSQL at 127.0.0.1:1/tokens cannot be used: ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", result.Error + result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_are_json_line_by_line_and_say_how_to_get_a_token()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        await server.Client().GetAsync("/v1/me").Expect(401);
        Assert.Equal(0, await server.StopAsync());

        Assert.NotEmpty(server.StandardOutput);
        foreach (var line in server.StandardOutput)
        {
            using var entry = JsonDocument.Parse(line);
            Assert.True(entry.RootElement.TryGetProperty("LogLevel", out _), line);
            Assert.True(entry.RootElement.GetProperty("Timestamp").GetDateTimeOffset().Offset == TimeSpan.Zero, line);
        }
        Assert.Empty(server.StandardError);
        Assert.Contains(
            server.StandardOutput,
            line => line.Contains("A token of the administrator admin@localhost: ./run admin token\"", StringComparison.Ordinal)
        );
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(server.DataDirectory));
        foreach (var made in Directory.EnumerateFiles(server.DataDirectory, "tokenry.keys*"))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(made));
    }

    /// <summary>D.3: a password would open nothing until there is a page to sign in at.</summary>
    [Theory, BothEngines]
    public async Task No_password_is_generated(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        await server.StopAsync();
        Assert.False(File.Exists(Path.Combine(server.DataDirectory, "initial-admin-password")));
        Assert.DoesNotContain(server.StandardOutput, line => line.Contains("assword", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_configured_password_goes_nowhere()
    {
        const string password = "plain moss kettle orbit";
        await using var server = await PrepareAsync(("Tokenry:Bootstrap:AdminPassword", password));
        await server.LaunchAsync();
        Assert.Equal(0, await server.StopAsync());
        Assert.DoesNotContain(server.StandardOutput, line => line.Contains(password, StringComparison.Ordinal));
    }

    /// <summary>D.3, D.4: with a data directory of its own, the line that is shown works as it is from another directory; log lines have times.</summary>
    [Theory, BothEngines]
    public async Task On_a_terminal_the_line_that_is_shown_works(Engine engine)
    {
        await using var server = await ServerProcess.PrepareAsync(engine);
        var data = server.InWork("elsewhere");
        var connection = server.ConnectionString is { } text ? $" '--ConnectionStrings:Tokenry={text}'" : "";
        var command =
            $"exec dotnet '{Repository.ServerDll}' --urls {server.Address} --Tokenry:DataDirectory='{data}' "
            + $"--Logging:LogLevel:Microsoft.Hosting.Lifetime=Information{connection}";
        var start = new ProcessStartInfo("script", ["-qefc", command, "/dev/null"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            WorkingDirectory = Path.GetDirectoryName(server.DataDirectory),
        };
        using var terminal = Process.Start(start)!;
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            var shown = new List<string>();
            while (!shown.Exists(line => line.Contains("/v1/me", StringComparison.Ordinal)))
                shown.Add(
                    (
                        await terminal.StandardOutput.ReadLineAsync(patience.Token)
                        ?? throw new EndOfStreamException(string.Join('\n', shown))
                    ).Trim()
                );

            Assert.Contains(shown, line => line.StartsWith($"Tokenry is ready at {server.Address}  (", StringComparison.Ordinal));
            Assert.DoesNotContain(shown, line => line.Contains("assword", StringComparison.Ordinal));
            // The runtime may put the terminal into its mode just before the first of them.
            Assert.Contains(
                shown,
                line => line.Split(' ')[0] is { Length: >= 8 } first && TimeOnly.TryParseExact(first[^8..], "HH:mm:ss", out _)
            );
            var line = shown[^1];
            Assert.Contains($"--data-directory {data})", line, StringComparison.Ordinal);
            Assert.EndsWith($" {server.Address}/v1/me", line, StringComparison.Ordinal);

            // As typed, but for the build that ./run might do; in a shell that has no settings, elsewhere.
            var typed =
                line.Replace("./run", $"dotnet {Repository.ServerDll}", StringComparison.Ordinal) + " -sS -o /dev/null -w '%{http_code}'";
            var shell = new ProcessStartInfo("bash", ["-c", typed])
            {
                WorkingDirectory = Path.GetTempPath(),
                RedirectStandardOutput = true,
                UseShellExecute = false,
            };
            using var second = Process.Start(shell)!;
            Assert.Equal("200", (await second.StandardOutput.ReadToEndAsync(patience.Token)).Trim());
        }
        finally
        {
            terminal.Kill(entireProcessTree: true);
            await terminal.WaitForExitAsync();
        }
    }

    private static Task<ServerProcess> PrepareAsync(params (string Key, string? Value)[] settings) =>
        ServerProcess.PrepareAsync(
            Engine.Sqlite,
            new ServerOptions { Settings = settings.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal) }
        );
}
