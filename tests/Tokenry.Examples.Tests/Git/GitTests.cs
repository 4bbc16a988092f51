using System.Diagnostics;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using Tokenry.Examples.Tests.Support;

namespace Tokenry.Examples.Tests.Git;

/// <summary>The git of everybody's machine, with a personal access token as the password.</summary>
[SupportedOSPlatform("linux")]
public sealed class GitTests(SharedExamples examples) : IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("tokenry-git-");

    public void Dispose() => _home.Delete(recursive: true);

    [Fact]
    public async Task Git_asks_for_the_password_clones_and_pushes_megabytes()
    {
        var example = await examples.GetAsync("git");
        (await GitAsync(example["PAT"], "clone", $"{example.Proxy}/acme/web.git", "web")).Expect(0);
        // Over a megabyte git does not know the length: it sends chunks.
        await File.WriteAllBytesAsync(Path.Combine(_home.FullName, "web", "large"), RandomNumberGenerator.GetBytes(3_000_000));
        (await GitAsync("", "-C", "web", "add", "large")).Expect(0);
        (await GitAsync("", "-C", "web", "commit", "-m", "Large")).Expect(0);
        (await GitAsync(example["PAT"], "-C", "web", "push", "origin", "HEAD:refs/heads/large")).Expect(0);
        (await GitAsync(example["READ_PAT"], "clone", "-b", "large", $"{example.Proxy}/acme/web.git", "again")).Expect(0);
        Assert.Equal(3_000_000, new FileInfo(Path.Combine(_home.FullName, "again", "large")).Length);
        Assert.Empty(example.Leaks());
    }

    [Fact]
    public async Task A_token_does_what_its_scope_and_its_repository_allow()
    {
        var example = await examples.GetAsync("git");
        var (web, api) = ($"{example.Proxy}/acme/web.git", $"{example.Proxy}/acme/api.git");
        (await GitAsync(example["READ_PAT"], "clone", web, "read")).Expect(0);
        Assert.Contains("403", (await GitAsync(example["READ_PAT"], "-C", "read", "push", web, "HEAD:refs/heads/read")).Expect(128).Error);

        (await GitAsync(example["WEB_PAT"], "-C", "read", "push", web, "HEAD:refs/heads/limited")).Expect(0);
        Assert.Contains("403", (await GitAsync(example["WEB_PAT"], "clone", api, "api")).Expect(128).Error);
        Assert.Contains("403", (await GitAsync(example["WEB_PAT"], "-C", "read", "push", api, "HEAD:refs/heads/x")).Expect(128).Error);
        (await GitAsync(example["PAT"], "clone", api, "api")).Expect(0);
    }

    [Fact]
    public async Task A_revoked_token_ends_and_git_says_so()
    {
        var example = await examples.GetAsync("git");
        var me = await example.Admin.With(example["PAT"]).GetAsync("/v1/me").Expect(200);
        var token = await example.Admin.CreatePersonalAccessTokenAsync(me.Text("user.id"));
        (await GitAsync(token.Secret, "ls-remote", $"{example.Proxy}/acme/web.git")).Expect(0);
        await example.Admin.DeleteAsync($"/v1/tokens/{token.Id}").Expect(204);
        var refused = (await GitAsync(token.Secret, "ls-remote", $"{example.Proxy}/acme/web.git")).Expect(128);
        Assert.Contains("Authentication failed", refused.Error);
    }

    [Theory]
    [InlineData("GET", "/acme/web.git/HEAD", 404)] // a file of the repository, as the older protocol reads it
    [InlineData("GET", "/acme/web.git/info/refs", 404)]
    [InlineData("GET", "/acme/web.git/info/refs?service=git-upload-archive", 404)]
    [InlineData("GET", "/acme/web.git/info/refs?service=git-upload-pack&service=git-receive-pack", 200)]
    [InlineData("GET", "/acme/web.git/info/refs?service=git-receive-pack&service=git-upload-pack", 403)]
    [InlineData("GET", "/acme/web.git/../../acme/web.git/info/refs?service=git-receive-pack", 403)]
    [InlineData("GET", "/acme/../acme/web.git/info/refs?service=git-receive-pack", 403)]
    [InlineData("POST", "/acme/web.git/git-receive-pack", 403)]
    [InlineData("POST", "/acme/web.git//git-receive-pack", 403)]
    [InlineData("POST", "/acme/web.git/git-upload-pack/../git-receive-pack", 403)]
    [InlineData("POST", "/acme/web.git/git-upload-pack/%2e%2e/git-receive-pack", 403)]
    [InlineData("POST", "/acme/web.git/git-upload-pack%2f..%2fgit-receive-pack", 403)]
    public async Task A_reader_finds_no_way_to_write(string method, string target, int status)
    {
        var example = await examples.GetAsync("git");
        var request = new RawRequest(method, target)
        {
            Headers = [Questions.Basic(example["READ_PAT"])],
            Body = method == "POST" ? "0000" : null,
        };
        var answer = await request.SendAsync(example.Proxy);
        Assert.Equal(status, answer.Status);
        Assert.DoesNotContain("# service=git-receive-pack", answer.Body);
    }

    /// <summary>With a password to give when git asks; without one it must not ask.</summary>
    private Task<CommandResult> GitAsync(string password, params string[] arguments)
    {
        var ask = Path.Combine(_home.FullName, "ask");
        File.WriteAllText(ask, "#!/bin/sh\ncase $1 in Username*) echo me ;; *) echo \"$PASSWORD\" ;; esac\n");
        File.SetUnixFileMode(ask, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var start = new ProcessStartInfo("git", ["-c", "user.name=me", "-c", "user.email=me@example.com", .. arguments])
        {
            WorkingDirectory = _home.FullName,
        };
        start.Environment["HOME"] = _home.FullName;
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["PASSWORD"] = password;
        if (password.Length > 0)
        {
            start.Environment["GIT_ASKPASS"] = ask;
        }

        return ChildProcess.RunAsync(start, TimeSpan.FromSeconds(60));
    }
}
