using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Tokenry.Server.Tests.Composition;

/// <summary>D.4, D.5, D.7: <c>./run</c> and the closing line of <c>./test</c>, with a <c>dotnet</c> that only notes what it is asked.</summary>
[SupportedOSPlatform("linux")]
public sealed class RunCommandTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tokenry-run-");

    public RunCommandTests()
    {
        File.Copy(Path.Combine(Repository.Root, "run"), In("run"));
        Directory.CreateDirectory(In("src/Tokenry.Server"));
        Directory.CreateDirectory(In("bin"));
        foreach (var source in new[] { "src/Tokenry.Server/Program.cs", "Directory.Build.props", "global.json" })
            File.WriteAllText(In(source), "");
        File.WriteAllText(
            In("bin/dotnet"),
            """
            #!/bin/sh
            echo "$* NOLOGO=$DOTNET_NOLOGO OPTOUT=$DOTNET_CLI_TELEMETRY_OPTOUT CERTIFICATE=$DOTNET_GENERATE_ASPNET_CERTIFICATE TLS=$Tokenry__TlsUrl" >>"$NOTES"
            if [ "$1" = build ]; then mkdir -p src/Tokenry.Server/bin/Release/net10.0; touch src/Tokenry.Server/bin/Release/net10.0/Tokenry.Server.dll; fi
            [ ! -e "$NOTES.fail" ]
            """
        );
        File.SetUnixFileMode(In("bin/dotnet"), (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(In("run"), (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_101_101);
    }

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task The_first_start_builds_the_server_alone_and_the_second_builds_nothing()
    {
        var first = (await RunAsync("./run", "--urls", "http://127.0.0.1:8100")).Expect(0);
        Assert.Equal("", first.Output);
        Assert.Contains("Building Tokenry, the first time only", first.Error, StringComparison.Ordinal);
        Assert.Contains("Built in ", first.Error, StringComparison.Ordinal);
        (await RunAsync("./run", "admin", "token")).Expect(0);
        var notes = await NotesAsync();
        Assert.Equal(3, notes.Length);
        Assert.StartsWith("build src/Tokenry.Server -c Release ", notes[0], StringComparison.Ordinal);
        Assert.Contains("-p:CompileAhead=false -p:RunAnalyzers=false", notes[0], StringComparison.Ordinal);
        Assert.All(notes, line => Assert.Contains(" NOLOGO=1 OPTOUT=1 CERTIFICATE=false ", line, StringComparison.Ordinal));
        Assert.Contains("Tokenry.Server.dll --urls http://127.0.0.1:8100 ", notes[1], StringComparison.Ordinal);
        Assert.EndsWith("TLS=", notes[2], StringComparison.Ordinal); // a command listens nowhere

        File.WriteAllText(In("src/Tokenry.Server/Program.cs"), "changed");
        File.SetLastWriteTimeUtc(In("src/Tokenry.Server/Program.cs"), TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(1));
        (await RunAsync("./run", "--version")).Expect(0);
        Assert.StartsWith("build ", (await NotesAsync())[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_taken_port_for_certificates_is_told()
    {
        TcpListener? taken = new(IPAddress.Loopback, 7643);
        try
        {
            taken.Start();
        }
        catch (SocketException)
        {
            taken = null; // somebody has it already, which is as good
        }

        var result = (await RunAsync("./run", "--urls", "http://127.0.0.1:8100")).Expect(0);
        Assert.Contains("Note: another process listens at port 7643", result.Error, StringComparison.Ordinal);
        Assert.EndsWith("TLS=", (await NotesAsync())[^1], StringComparison.Ordinal);
        foreach (var words in new string[][] { ["--help"], ["--prot", "80"], ["--urls", "http://127.0.0.1:8100", "--help"] })
            Assert.DoesNotContain("7643", (await RunAsync("./run", words)).Error, StringComparison.Ordinal);

        taken?.Dispose();
    }

    [Fact]
    public async Task A_folder_that_is_not_built_and_cannot_be_written_is_told_in_one_sentence()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can become a user that may not write here.");
        var result = await RunAsync("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "./run");
        Assert.Equal(1, result.ExitCode);
        var sentence = Assert.Single(result.Error.Trim().Split('\n'));
        Assert.Contains($"is not built yet, and this user may not write to {folder.FullName}", sentence, StringComparison.Ordinal);
    }

    /// <summary>A closed directory of another user was said to be open to others.</summary>
    [Theory]
    [InlineData("700", "belongs to another user")]
    [InlineData("755", "Other users can open the data directory ")]
    public async Task A_data_directory_of_another_user_is_called_what_it_is(string mode, string words)
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can become another user.");
        await RunAsync("chmod", "755", folder.FullName);
        await RunAsync("mkdir", "-m", mode, In("data"));
        // Not the one of this class's PATH.
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));
        string[] command = [dotnet, Repository.ServerDll, "--urls", "http://127.0.0.1:8100", $"--Tokenry:DataDirectory={In("data")}"];
        var result = await RunAsync("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", .. command]);
        Assert.SkipWhen(result.Error.Contains("does not exist", StringComparison.Ordinal), "Another user cannot read the build.");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(words, Assert.Single(result.Error.Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Test run summary: Passed!\n  failed: 0\n  succeeded: 7\n  skipped: 0\n", 0, 0, "7 passed, 0 failed, 0 skipped")]
    [InlineData("Test run summary: Failed!\n  failed: 2\n  succeeded: 5\n  skipped: 0\n", 2, 2, "5 passed, 2 failed, 0 skipped")]
    [InlineData("Test run summary: Passed!\n  failed: 0\n  succeeded: 7\n  skipped: 0\n", 1, 1, "7 passed, 1 failed, 0 skipped")]
    [InlineData(
        "[FATAL ERROR] Foreground threads were left running, forcing process exit\nTest run summary: Passed!\n  failed: 0\n  succeeded: 7\n  skipped: 0\n",
        0,
        1,
        "7 passed, 1 failed, 0 skipped"
    )]
    [InlineData("killed\n", 137, 137, "0 passed, 1 failed, 0 skipped")]
    [InlineData("", 0, 1, "0 passed, 1 failed, 0 skipped")]
    public async Task A_run_that_failed_never_says_that_nothing_failed(string log, int exitCode, int ended, string line)
    {
        File.WriteAllText(In("log"), log);
        var result = await RunAsync(Path.Combine(Repository.Root, "tests/summarize"), "log", $"{exitCode}");
        Assert.Equal((ended, line), (result.ExitCode, result.Output.Trim()));
    }

    [Fact]
    public async Task Two_runs_are_summed_up_and_a_failure_of_either_counts()
    {
        File.WriteAllText(In("one"), "Test run summary: Failed!\n  failed: 2\n  succeeded: 5\n  skipped: 1\n");
        File.WriteAllText(In("two"), "Test run summary: Passed!\n  failed: 0\n  succeeded: 7\n  skipped: 0\n");
        File.WriteAllText(In("none"), "");
        var summarize = Path.Combine(Repository.Root, "tests/summarize");
        var result = await RunAsync(summarize, "one", "2", "two", "0");
        Assert.Equal((2, "12 passed, 2 failed, 1 skipped"), (result.ExitCode, result.Output.Trim()));
        result = await RunAsync(summarize, "two", "0", "none", "0");
        Assert.Equal((1, "7 passed, 1 failed, 0 skipped"), (result.ExitCode, result.Output.Trim()));
    }

    /// <summary>Who reads the last lines alone, as those of a CI run, must learn what failed.</summary>
    [Fact]
    public async Task The_end_names_what_failed_once_more()
    {
        const string Story = "failed Name.Of(a: 1) (2s)\n  Assert.Equal() Failure\n";
        const string Log = "  {\"Message\":\"of the server\"}\n";
        File.WriteAllText(In("log"), Story + Log + "Test run summary: Failed!\n  failed: 1\n  succeeded: 5\n  skipped: 0\n");
        var result = await RunAsync(Path.Combine(Repository.Root, "tests/summarize"), "log", "2");
        Assert.Contains(Story, result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Log, result.Output, StringComparison.Ordinal);
        Assert.EndsWith("5 passed, 1 failed, 0 skipped", result.Output.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_CI_a_class_that_failed_runs_once_more_and_is_named()
    {
        const string Failed = "failed Tokenry.Server.Tests.A.BTests.Of(a: \"x y\") (2s)\n  why\n";
        const string Summary = "Test run summary: Failed!\n  failed: 1\n  succeeded: 5\n  skipped: 0\n";
        var again = Path.Combine(Repository.Root, "tests/again");
        File.WriteAllText(In("log"), Failed + Summary);
        var result = (await RunAsync(again, In("log"))).Expect(0);
        Assert.StartsWith("flaky Tokenry.Server.Tests.A.BTests.Of(", result.Output, StringComparison.Ordinal);
        Assert.Contains("--filter-class Tokenry.Server.Tests.A.BTests ", Assert.Single(await NotesAsync()), StringComparison.Ordinal);
        File.WriteAllText(In("again"), result.Output);
        Assert.EndsWith(
            "6 passed, 0 failed, 0 skipped",
            (await RunAsync(Path.Combine(Repository.Root, "tests/summarize"), "again", "0")).Expect(0).Output,
            StringComparison.Ordinal
        );

        File.WriteAllText(In("notes.fail"), "");
        Assert.Equal(1, (await RunAsync(again, In("log"))).ExitCode);
        File.Delete(In("notes.fail"));
        File.WriteAllText(In("log"), "failed Other.Of (2s)\n" + Summary); // of no module that it knows, or in too many
        Assert.Equal(1, (await RunAsync(again, In("log"))).ExitCode);
        File.WriteAllText(In("log"), string.Concat("ABCD".Select(name => $"failed Tokenry.Server.Tests.{name}.Of (2s)\n")) + Summary);
        Assert.Equal(1, (await RunAsync(again, In("log"))).ExitCode);
    }

    private string In(string path) => Path.Combine(folder.FullName, path);

    private Task<string[]> NotesAsync() => File.ReadAllLinesAsync(In("notes"));

    private async Task<CommandResult> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program.StartsWith("./", StringComparison.Ordinal) ? In(program[2..]) : program, arguments)
        {
            WorkingDirectory = folder.FullName,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("Tokenry__") || name.StartsWith("Kestrel__")).ToList())
            start.Environment.Remove(name);
        start.Environment["PATH"] = $"{In("bin")}:{start.Environment["PATH"]}";
        start.Environment["NOTES"] = In("notes");
        start.Environment.Remove("CI");
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return new CommandResult(process.ExitCode, (await output).Trim(), await error);
    }
}
