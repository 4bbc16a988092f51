using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Tokenry.Server.Tests;

/// <summary>
/// What the README tells a newcomer to type works, line by line. Between <c>&lt;!-- tour:begin --&gt;</c> and <c>&lt;!-- tour:end --&gt;</c>
/// every <c>```bash</c> block runs, all in one shell, against a server that is already up at <c>$TOKENRY</c>. A comment
/// <c># → text</c> promises output: each such text must come, in the order written.
/// </summary>
public sealed partial class ReadmeTour
{
    private const string Promise = "# → ";

    /// <summary>How the tour makes names that were not there before.</summary>
    private const string FreshNames = "RUN=$(date +%s)";

    /// <summary>D.1: a second run on the same data found its names taken, printed <c>null</c> and looped for ever.</summary>
    [Theory, BothEngines]
    public async Task Does_what_it_says_twice(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        await WalkAsync(server);
        await WalkAsync(server);
    }

    /// <summary>D.1: it named a day in its text, and would have failed from that day on.</summary>
    [Fact]
    public async Task Does_what_it_says_a_year_from_now()
    {
        var library = Directory.EnumerateFiles("/usr/lib", "libfaketime.so.1", SearchOption.AllDirectories).FirstOrDefault();
        Assert.SkipUnless(library is not null, "libfaketime is missing (Debian: faketime); ./test installs it.");
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["LD_PRELOAD"] = library,
            ["FAKETIME"] = "+366d",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        };
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite, new ServerOptions { Settings = settings });
        var made = await (await server.AdminAsync()).GetAsync("/v1/me").Expect(200);
        Assert.True(made.Json.GetProperty("expires_at").GetDateTimeOffset() > TimeProvider.System.GetUtcNow().AddDays(365));
        await WalkAsync(server, settings);
    }

    /// <summary>D.1: <c>jq -r</c> made <c>null</c> of a refusal, and the tour went on with it.</summary>
    [Fact]
    public async Task A_step_that_is_refused_ends_it_with_the_sentence_of_the_server()
    {
        var (script, _) = Extract(await ReadmeAsync());
        Assert.Contains(FreshNames, script, StringComparison.Ordinal);
        var again = script.Replace(FreshNames, "RUN=1", StringComparison.Ordinal);
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        Assert.Equal(0, (await RunAsync(again, server)).ExitCode);
        var (exitCode, output) = await RunAsync(again, server);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("already_exists: ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("null", output, StringComparison.Ordinal);
        Assert.DoesNotContain("valid", output.Split('\n').Select(line => line.Trim()));
    }

    /// <summary>D.1: what a reader copies, and what a test sends, must not stop working on some day.</summary>
    [Fact]
    public void No_text_names_a_day_that_will_pass()
    {
        string[] kinds = [".md", ".cs", ".sh", ".mjs", ".json", ".http", ".conf", ""];
        var today = TimeProvider.System.GetUtcNow().UtcDateTime.Date;
        var files = new[] { "docs", "examples", "tests" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*", SearchOption.AllDirectories))
            .Append(Path.Combine(Repository.Root, "README.md"))
            .Where(path => kinds.Contains(Path.GetExtension(path)))
            .Where(path => !Generated.Any(part => path.Contains(part, StringComparison.Ordinal)));
        var soon =
            from path in files
            from Match match in Day().Matches(File.ReadAllText(path))
            where
                DateTime.TryParseExact(match.Value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
                && day > today
            select $"{Path.GetRelativePath(Repository.Root, path)}: {match.Value}";
        Assert.Empty(soon); // dates for ever are of the years 2090 to 2099
    }

    private static readonly string[] Generated =
    [
        "/bin/",
        "/obj/",
        "/node_modules/",
        "/Vectors/",
        "package-lock.json",
        "packages.lock.json",
    ];

    [GeneratedRegex(@"\b20[2-8]\d-[01]\d-[0-3]\d\b", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Day();

    private static async Task WalkAsync(ServerProcess server, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var (script, promises) = Extract(await ReadmeAsync());
        Assert.NotEmpty(promises);
        var (exitCode, output) = await RunAsync(script, server, environment);
        Assert.True(exitCode == 0, $"exit code {exitCode}\n{output}");
        Assert.Null(FirstBroken(promises, output));
    }

    private static Task<string> ReadmeAsync() => File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"));

    [Fact]
    public void Finds_the_commands_and_what_they_promise()
    {
        const string readme = """
            ```bash
            ./run                # before the tour
            ```
            <!-- tour:begin -->
            Words.
            ```bash
            echo one   # → one
            echo two
            # → two
            ```
            ```json
            {"not":"run"}
            ```
              ```bash
              echo three | tr e E
              # → thrEE
              ```
            <!-- tour:end -->
            ```bash
            rm -rf /    # after the tour
            ```
            """;
        var (script, promises) = Extract(readme);
        Assert.Equal(["one", "two", "thrEE"], promises);
        Assert.Equal(
            ["echo one   # → one", "echo two", "# → two", "echo three | tr e E", "# → thrEE"],
            script.TrimEnd().Split('\n').Select(line => line.Trim())
        );
        Assert.Null(FirstBroken(promises, "one\ntwo\nthrEE\n"));
        Assert.Equal("thrEE", FirstBroken(promises, "thrEE\none\ntwo\n"));
        Assert.Throws<InvalidOperationException>(() => Extract("no tour"));
        Assert.Throws<InvalidOperationException>(() => Extract("<!-- tour:begin -->\n```bash\nnever closed\n<!-- tour:end -->"));
    }

    [Fact]
    public async Task A_command_that_fails_ends_the_tour()
    {
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite);
        var (exitCode, output) = await RunAsync("echo \"$TOKENRY\"\nfalse | cat\necho never\n", server);
        Assert.NotEqual(0, exitCode);
        Assert.Contains(server.Address, output, StringComparison.Ordinal);
        Assert.DoesNotContain("never", output, StringComparison.Ordinal);
    }

    private static (string Script, IReadOnlyList<string> Promises) Extract(string readme)
    {
        var (script, promises) = (new StringBuilder(), new List<string>());
        var (inTour, inBlock, wasThere) = (false, false, false);
        foreach (var line in readme.Split('\n').Select(line => line.TrimEnd()))
        {
            var word = line.Trim();
            if (inBlock && word == "```")
                inBlock = false;
            else if (inBlock && word == "<!-- tour:end -->")
                throw new InvalidOperationException("A block of the tour is not closed.");
            else if (inBlock)
                Take(line);
            else if (word is "<!-- tour:begin -->" or "<!-- tour:end -->")
                (inTour, wasThere) = (word == "<!-- tour:begin -->", true);
            else if (inTour && word == "```bash")
                inBlock = true;
        }
        return wasThere ? (script.ToString(), promises) : throw new InvalidOperationException("README.md has no <!-- tour:begin -->.");

        void Take(string line)
        {
            script.Append(line).Append('\n');
            if (line.IndexOf(Promise, StringComparison.Ordinal) is var at and >= 0)
                promises.Add(line[(at + Promise.Length)..].Trim());
        }
    }

    /// <summary>The first promise that does not come after the ones before it.</summary>
    private static string? FirstBroken(IReadOnlyList<string> promises, string output)
    {
        var from = 0;
        foreach (var promise in promises)
        {
            var at = output.IndexOf(promise, from, StringComparison.Ordinal);
            if (at < 0)
                return promise;
            from = at + promise.Length;
        }
        return null;
    }

    /// <summary>From the repository's root, as a reader would; <c>./run admin token</c> finds the test's server by the configuration.</summary>
    private static async Task<(int ExitCode, string Output)> RunAsync(
        string script,
        ServerProcess server,
        IReadOnlyDictionary<string, string?>? environment = null
    )
    {
        // errexit also inside $(…): what fails there must not pass for an empty answer.
        var start = new ProcessStartInfo("bash", ["-c", "set -euo pipefail; shopt -s inherit_errexit\n" + script])
        {
            WorkingDirectory = Repository.Root,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TOKENRY"] = start.Environment["TOKENRY_URL"] = server.Address;
        start.Environment["Tokenry__DataDirectory"] = server.DataDirectory;
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>(StringComparer.Ordinal))
            start.Environment[name] = value;
        if (server.ConnectionString is { } connection)
            start.Environment["ConnectionStrings__Tokenry"] = connection;
        using var shell = Process.Start(start)!;
        var (output, error) = (shell.StandardOutput.ReadToEndAsync(), shell.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        try
        {
            await shell.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!shell.HasExited)
                shell.Kill(entireProcessTree: true);
        }
        return (shell.ExitCode, await output + await error);
    }
}
