using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using Tokenry.Server.Composition;

namespace Tokenry.Server.Tests.Composition;

/// <summary>D.2: a mistyped word or setting never starts a server, and the answer names what was probably meant.</summary>
[SupportedOSPlatform("linux")]
public sealed class ArgumentTests(SharedServers servers)
{
    [Theory]
    [InlineData("admin", "'admin' lacks its command. Known: admin token")]
    [InlineData("admin foo", "'admin foo' is not a command.")]
    [InlineData("admin tokn", "Did you mean admin token?")]
    [InlineData("token", "'token' is not a command.")]
    [InlineData("start", "'start' is not a command.")]
    [InlineData("urls=http://127.0.0.1:8100", "Settings start with two hyphens: --urls=http://127.0.0.1:8100.")]
    [InlineData("--port 8100", "'--port' is not an option. Did you mean --urls http://127.0.0.1:8100?")]
    [InlineData("--port", "Did you mean --urls http://127.0.0.1:7600?")]
    [InlineData("--port=8100", "Did you mean --urls http://127.0.0.1:8100?")]
    [InlineData("--prot 8100", "'--prot' is not an option. Did you mean --urls http://127.0.0.1:8100?")]
    [InlineData("--listen localhost:8100", "Did you mean --urls http://localhost:8100?")]
    [InlineData("-p 8100", "Did you mean --urls http://127.0.0.1:8100?")]
    [InlineData("--url http://127.0.0.1:8100", "Did you mean --urls http://127.0.0.1:8100?")]
    [InlineData("--Urlz http://127.0.0.1:8100", "Did you mean --urls?")]
    [InlineData("--issuer https://t.example.com", "Did you mean --Tokenry:Issuer?")]
    [InlineData("--data-directory x", "Did you mean --Tokenry:DataDirectory?")]
    [InlineData("--Tokenry__Issuer https://t.example.com", "Did you mean --Tokenry:Issuer?")]
    [InlineData("--urls", "'--urls' needs a value, such as --urls http://127.0.0.1:7600.")]
    [InlineData("--urls=", "'--urls' needs a value")]
    [InlineData("--urls --Tokenry:Brand=abc", "'--urls' needs a value")]
    [InlineData("--Tokenry:Brand", "'--Tokenry:Brand' needs a value.")]
    [InlineData("--urls http://127.0.0.1:8100 extra", "'extra' is not an option.")]
    [InlineData("admin token --scope x", "'--scope' is not an option of admin token. Did you mean --scopes?")]
    [InlineData("admin token users:read", "'users:read' is not an option of admin token.")]
    [InlineData("admin rotate-keys prepar", "'prepar' is not a step of admin rotate-keys. Did you mean prepare?")]
    [InlineData("admin rotate-keys --kek=1", "'--kek' takes no value.")]
    [InlineData("admin rotate-keys --kek=status", "'--kek' takes no value. Leave out '=status'.")]
    [InlineData("admin rotate-keys prepare status", "'status' is not an option of admin rotate-keys.")]
    [InlineData("admin audit", "'admin audit' lacks its command. Known: admin token")]
    [InlineData("admin token --scopes", "'--scopes' needs a value.")]
    [InlineData("admin token --scopes a --scopes b", "'--scopes' may appear once.")]
    [InlineData("admin token @file", "'@file' is not an option of admin token.")]
    public async Task Words_that_mean_nothing_are_refused_with_usage_and_start_nothing(string line, string words)
    {
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite);
        var result = await server.RunAsync(line.Split(' '));
        Assert.Equal(2, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Contains(words, result.Error.Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains("\n\nDescription:\n", result.Error, StringComparison.Ordinal);
        Assert.Contains("Usage:\n  ./run ", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(server.DataDirectory));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("help")]
    [InlineData("-h")]
    [InlineData("-?")]
    [InlineData("--urls http://127.0.0.1:8100 --help")]
    [InlineData("--Tokenry:Brand abc -h")]
    [InlineData("nonsense --help")]
    public async Task Help_names_the_options_of_the_server_and_the_commands(string line)
    {
        var help = await HelpAsync(line);
        Assert.All(
            ["--urls <URL>", "--Tokenry:NAME <VALUE>", "--help", "--version"],
            word => Assert.Contains(word, help, StringComparison.Ordinal)
        );
        Assert.Contains("Usage:\n  ./run [command] [options]", help, StringComparison.Ordinal);
        Assert.Contains("Commands:\n  admin ", help, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_of_a_command_names_every_option_with_its_summary()
    {
        foreach (var verb in AdminVerb.Commands)
        {
            var help = await HelpAsync($"{verb.Words} --help");
            Assert.Contains(verb.Summary, help, StringComparison.Ordinal);
            Assert.Contains($"Usage:\n  ./run {verb.Words} [", help, StringComparison.Ordinal);
            Assert.All(verb.Steps, step => Assert.Contains(step, help, StringComparison.Ordinal));
            Assert.All(verb.Options, option => Assert.Matches($"--{option.Name} .*{Regex.Escape(option.Summary)}", help));
        }

        var group = await HelpAsync("admin --help");
        Assert.All(["token", "rotate-keys", "audit"], word => Assert.Contains($"\n  {word} ", group, StringComparison.Ordinal));
    }

    /// <summary>Its parser takes a fifth of a second to load, and the start of a server has one second.</summary>
    [Fact]
    public async Task A_server_does_not_load_the_library_for_commands()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root may read what the server has in memory.");
        var server = await servers.GetAsync(Engine.Sqlite);
        Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(Repository.ServerDll)!, "System.CommandLine.dll")));
        var maps = await File.ReadAllTextAsync($"/proc/{server.ProcessId}/maps");
        Assert.Contains("/Tokenry.Protocol.dll", maps, StringComparison.Ordinal);
        Assert.DoesNotContain("/System.CommandLine.dll", maps, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--version")]
    [InlineData("version")]
    [InlineData("--version extra")]
    public async Task Version_is_one_line(string word)
    {
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite);
        Assert.Matches(@"^Tokenry \d+\.\d+\.\d+\S* \(\.NET 10\.\S+\)\n?$", (await server.RunAsync(word.Split(' '))).Expect(0).Output);
    }

    [Theory]
    [InlineData("Tokenry__Isuer", "Tokenry:Isuer is not a setting. Did you mean Tokenry:Issuer?")]
    [InlineData(
        "Tokenry__Port",
        "Tokenry:Port is not a setting. The address is --urls http://127.0.0.1:7600 (in the environment ASPNETCORE_URLS)."
    )]
    [InlineData("Tokenry__DataDir", "Tokenry:DataDir is not a setting. Did you mean Tokenry:DataDirectory?")]
    [InlineData("Tokenry__SigningKeys__RotateEvry", "Did you mean Tokenry:SigningKeys:RotateEvery?")]
    [InlineData("ConnectionString__Tokenry", "ConnectionString:Tokenry is not a setting. Did you mean ConnectionStrings:Tokenry")]
    [InlineData("ConnectionStrings_Tokenry", "(in the environment ConnectionStrings__Tokenry)?")]
    [InlineData("ConnectionStrings__Tokenri", "Did you mean ConnectionStrings:Tokenry?")]
    [InlineData("ConnectionStrings__Default", "Did you mean ConnectionStrings:Tokenry?")]
    [InlineData("TOKENRY_ISSUER", "Did you mean Tokenry:Issuer (in the environment Tokenry__Issuer)?")]
    [InlineData("Tokeny__DataDirectory", "Did you mean Tokenry:DataDirectory (in the environment Tokenry__DataDirectory)?")]
    public async Task A_variable_that_is_nearly_a_setting_is_refused(string variable, string words)
    {
        var options = new ServerOptions
        {
            Settings = new Dictionary<string, string?>(StringComparer.Ordinal) { [variable] = "Host=127.0.0.1;Username=x" },
        };
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite, options);
        foreach (var line in new string[][] { ["--urls", server.Address], ["admin", "token"] })
        {
            var result = await server.RunAsync(line);
            Assert.Equal(1, result.ExitCode);
            Assert.Equal("", result.Output);
            Assert.Contains(words, Assert.Single(result.Error.Trim().Split('\n')), StringComparison.Ordinal);
            Assert.False(Directory.Exists(server.DataDirectory));
        }
    }

    [Fact]
    public async Task A_wrong_key_names_the_nearest_from_arguments_and_from_the_settings_file_too()
    {
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite);
        var argument = await server.RunAsync("--urls", server.Address, "--Tokenry:Brnd=abc");
        Assert.Equal((1, "Tokenry:Brnd is not a setting. Did you mean Tokenry:Brand?"), (argument.ExitCode, argument.Error.Trim()));

        await File.WriteAllTextAsync(
            server.InWork("appsettings.json"),
            """{"Tokenry":{"Bootstrap":{"Mail":"a@example.com"}},"ConnectionString":{"Tokenry":"Host=x"}}"""
        );
        var file = await server.RunAsync("--urls", server.Address);
        Assert.Equal(1, file.ExitCode);
        Assert.Equal(2, file.Error.Trim().Split('\n').Length);
        Assert.Contains("ConnectionString:Tokenry is not a setting.", file.Error, StringComparison.Ordinal);
        Assert.Contains("Tokenry:Bootstrap:Mail is not a setting.", file.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_of_the_framework_and_foreign_variables_pass()
    {
        var options = new ServerOptions
        {
            Settings = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["TOKENRY_URL"] = "x", // ours for other purposes: examples, tests
                ["TOKENRY_PORT"] = "1",
                ["DATABASE_URL"] = "x",
                ["ISSUER"] = "x",
            },
        };
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite, options);
        string[] arguments =
        [
            "--environment=Staging",
            "--contentRoot",
            Path.GetDirectoryName(server.DataDirectory)!,
            "--Logging:LogLevel:Default=Warning",
            "--Kestrel:Limits:MaxConcurrentConnections=100",
            "--Tokenry:TlsUrl=",
        ];
        await server.LaunchAsync(arguments);
        await server.Client().GetAsync("/health/live").Expect(200);
    }

    private static async Task<string> HelpAsync(string line)
    {
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite);
        var result = (await server.RunAsync(line.Split(' '))).Expect(0);
        Assert.Equal("", result.Error);
        Assert.False(Directory.Exists(server.DataDirectory));
        return result.Output;
    }
}
