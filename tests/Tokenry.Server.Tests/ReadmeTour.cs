using System.Diagnostics;
using System.Text;

namespace Tokenry.Server.Tests;

/// <summary>
/// What the README tells a newcomer to type works, line by line. Between <c>&lt;!-- tour:begin --&gt;</c> and <c>&lt;!-- tour:end --&gt;</c>
/// every <c>```bash</c> block runs, all in one shell, against a server that is already up at <c>$TOKENRY</c>. A comment
/// <c># → text</c> promises output: each such text must come, in the order written.
/// </summary>
public sealed class ReadmeTour
{
    private const string Promise = "# → ";

    [Theory, BothEngines]
    public async Task Does_what_it_says(Engine engine)
    {
        var readme = Path.Combine(Repository.Root, "README.md");
        Assert.SkipUnless(File.Exists(readme), "There is no README.md yet.");
        var (script, promises) = Extract(await File.ReadAllTextAsync(readme));
        Assert.NotEmpty(promises);
        await using var server = await ServerProcess.StartAsync(engine);
        var (exitCode, output) = await RunAsync(script, server);
        Assert.True(exitCode == 0, $"exit code {exitCode}\n{output}");
        Assert.Null(FirstBroken(promises, output));
    }

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
    private static async Task<(int ExitCode, string Output)> RunAsync(string script, ServerProcess server)
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
        if (server.ConnectionString is { } connection)
            start.Environment["ConnectionStrings__Tokenry"] = connection;
        using var shell = Process.Start(start)!;
        var (output, error) = (shell.StandardOutput.ReadToEndAsync(), shell.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
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
