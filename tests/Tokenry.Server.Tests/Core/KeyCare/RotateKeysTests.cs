using System.Runtime.Versioning;
using System.Text.Json;
using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Core.KeyCare;

/// <summary><c>admin rotate-keys</c>: whatever is under old keys stays good, whatever is new is under the new ones.</summary>
[SupportedOSPlatform("linux")]
public sealed class RotateKeysTests
{
    private static readonly ServerOptions OneIssuer = new()
    {
        Settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tokenry:Issuer"] = "https://tokens.example.com" },
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task On_SQLite_one_command_rotates_with_the_server_running_or_not(bool running)
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite, OneIssuer);
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).ClientSecret().ApiKey().CreateAsync();
        var token = await server.Client().AccessTokenAsync(made.Client());
        if (!running)
            await server.StopAsync();

        var done = (await server.RunAsync("admin", "rotate-keys")).Expect(0);
        Assert.Equal("", done.Output);
        Assert.Contains("pepper: version 2 is now in use.", done.Error, StringComparison.Ordinal);
        Assert.Contains("key_encryption_key: version 2 is now in use.", done.Error, StringComparison.Ordinal);
        Assert.Contains("1 of 1 signing keys are sealed again.", done.Error, StringComparison.Ordinal);
        Assert.Equal([1, 2], Versions(server, "peppers"));
        Assert.Equal([1, 2], Versions(server, "key_encryption_keys"));
        Assert.Equal([1], Versions(server, "audit_keys"));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(Path.Combine(server.DataDirectory, "tokenry.keys"))
        );
        if (!running)
            await server.LaunchAsync();

        await StillGoodAsync(server, admin, made, token);
        await server.RestartAsync();
        await StillGoodAsync(server, admin, made, token);
        var status = (await server.RunAsync("admin", "rotate-keys", "status")).Expect(0).Error;
        Assert.Contains(
            "key_encryption_key: version 2 is in use; 0 signing keys are under an older one.",
            status,
            StringComparison.Ordinal
        );
        var actions = (await admin.GetAsync("/v1/audit?actor=system").Expect(200)).Body;
        Assert.Contains("pepper.rotated", actions, StringComparison.Ordinal);
        Assert.Contains("key_encryption_key.rotated", actions, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task A_secret_moves_to_the_new_pepper_when_it_is_used(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine, OneIssuer);
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).ApiKey().ApiKey().CreateAsync();
        (await server.RunAsync("admin", "rotate-keys", "prepare", "--pepper")).Expect(0);
        Assert.Equal([1, 2], Versions(server, "peppers"));
        Assert.Equal([1], Versions(server, "key_encryption_keys"));
        Assert.Contains("version 1 is in use", await StatusAsync(), StringComparison.Ordinal);
        (await server.RunAsync("admin", "rotate-keys", "prepare", "--pepper")).Expect(0); // again is the same
        Assert.Equal([1, 2], Versions(server, "peppers"));
        (await server.RunAsync("admin", "rotate-keys", "activate", "--pepper")).Expect(0);
        (await server.RunAsync("admin", "rotate-keys", "activate", "--pepper")).Expect(1);

        var waited = 0;
        do
        {
            // A use counts from when the server has heard of the activation.
            Assert.True(waited++ < 100, await StatusAsync());
            foreach (var key in made.ApiKeys)
                Assert.Equal("valid", await admin.VerifyAsync(key.Secret, made.Api.Identifier));
            await Task.Delay(50);
        } while ((await StatusAsync()).Contains("under version 1", StringComparison.Ordinal));

        foreach (var key in made.ApiKeys)
        {
            Assert.Equal("valid", await admin.VerifyAsync(key.Secret, made.Api.Identifier));
            var wrong = key.Secret[..^10] + (key.Secret[^10] == '0' ? '1' : '0') + key.Secret[^9..];
            Assert.NotEqual("valid", await admin.VerifyAsync(wrong, made.Api.Identifier));
        }

        await server.RestartAsync();
        foreach (var key in made.ApiKeys)
            Assert.Equal("valid", await admin.VerifyAsync(key.Secret, made.Api.Identifier));

        async Task<string> StatusAsync() => (await server.RunAsync("admin", "rotate-keys", "status")).Expect(0).Error;
    }

    /// <summary>Two servers, each with its own copy of the key file, and no request fails.</summary>
    [Fact]
    public async Task Replicas_take_up_a_copied_key_file_and_follow()
    {
        await using var one = await ServerProcess.StartAsync(Engine.Postgres, OneIssuer);
        var source = Path.Combine(one.DataDirectory, "tokenry.keys");
        var copy = Path.Combine(one.DataDirectory, "copied.keys");
        File.Copy(source, copy);
        var settings = new Dictionary<string, string?>(OneIssuer.Settings, StringComparer.Ordinal) { ["Tokenry:KeyFile"] = copy };
        await using var two = await ServerProcess.StartAsync(
            Engine.Postgres,
            new ServerOptions { Settings = settings, ConnectionString = one.ConnectionString }
        );
        var admin = await one.AdminAsync();
        var made = await Scenario.On(admin).ClientSecret().ApiKey().CreateAsync();
        var token = await one.Client().AccessTokenAsync(made.Client());

        var refused = (await one.RunAsync("admin", "rotate-keys")).Expect(1);
        Assert.Contains("each must have the new keys first", refused.Error, StringComparison.Ordinal);
        (await one.RunAsync("admin", "rotate-keys", "prepare")).Expect(0);
        await StillGoodAsync(two, admin.At(two.Address), made, token);
        File.Copy(source, copy, overwrite: true);
        await Task.Delay(TimeSpan.FromSeconds(1.5));
        (await one.RunAsync("admin", "rotate-keys", "activate")).Expect(0);
        foreach (var server in new[] { one, two, one, two })
            await StillGoodAsync(server, admin.At(server.Address), made, token);

        // What one makes under the new keys, the other takes.
        var key = await admin.CreateApiKeyAsync(made.Application.Id);
        Assert.Equal("valid", await admin.At(two.Address).VerifyAsync(key.Secret, made.Api.Identifier));
        await admin.PostAsync("/v1/signing-keys/rotate", new { algorithm = "ES256", immediately = true }).Expect(200);
        var fresh = await one.Client().AccessTokenAsync(made.Client());
        Assert.Equal("valid", await admin.At(two.Address).VerifyAsync(fresh, made.Api.Identifier));

        // One with the old file is told what it lacks.
        await File.WriteAllTextAsync(copy, Without(await File.ReadAllTextAsync(source), "peppers", "2"));
        await two.StopAsync();
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(two.LaunchAsync);
        Assert.Contains("lacks pepper 2", exception.Message, StringComparison.Ordinal);
    }

    /// <summary>A replica that was forgotten does not say that a good credential is unknown.</summary>
    [Fact]
    public async Task A_replica_without_the_new_keys_answers_503()
    {
        await using var one = await ServerProcess.StartAsync(Engine.Postgres, OneIssuer);
        var copy = Path.Combine(one.DataDirectory, "forgotten.keys");
        File.Copy(Path.Combine(one.DataDirectory, "tokenry.keys"), copy);
        var settings = new Dictionary<string, string?>(OneIssuer.Settings, StringComparer.Ordinal) { ["Tokenry:KeyFile"] = copy };
        await using var two = await ServerProcess.StartAsync(
            Engine.Postgres,
            new ServerOptions { Settings = settings, ConnectionString = one.ConnectionString }
        );
        var admin = await one.AdminAsync();
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        (await one.RunAsync("admin", "rotate-keys", "prepare")).Expect(0);
        (await one.RunAsync("admin", "rotate-keys", "activate")).Expect(0);
        var key = await admin.CreateApiKeyAsync(made.Application.Id);
        await Task.Delay(TimeSpan.FromSeconds(1.5)); // one has put the new keys to use
        key = await admin.CreateApiKeyAsync(made.Application.Id);
        var answer = await two.Client().With(key.Secret).GetAsync("/v1/me");
        answer.Expect(503, "store_unavailable");
        File.Copy(Path.Combine(one.DataDirectory, "tokenry.keys"), copy, overwrite: true);
        await Task.Delay(TimeSpan.FromSeconds(1.5));
        await two.Client().With(key.Secret).GetAsync("/v1/me").Expect(200);
    }

    [Theory]
    [InlineData("other")]
    [InlineData("--nothing")]
    [InlineData("status", "--pepper", "yes", "no")]
    public async Task What_is_not_understood_changes_nothing(params string[] words)
    {
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite);
        (await server.RunAsync(["admin", "rotate-keys", .. words])).Expect(2);
        Assert.False(File.Exists(Path.Combine(server.DataDirectory, "tokenry.keys")));
    }

    private static async Task StillGoodAsync(ServerProcess server, ApiClient admin, Created made, string token)
    {
        Assert.Equal("valid", await admin.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier));
        Assert.Equal("valid", await admin.VerifyAsync(token, made.Api.Identifier));
        var another = await server.Client().AccessTokenAsync(made.Client());
        Assert.Equal("valid", await admin.VerifyAsync(another, made.Api.Identifier));
        var key = await admin.CreateApiKeyAsync(made.Application.Id);
        Assert.Equal("valid", await admin.VerifyAsync(key.Secret, made.Api.Identifier));
    }

    private static int[] Versions(ServerProcess server, string kind)
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(server.DataDirectory, "tokenry.keys")));
        return [.. file.RootElement.GetProperty(kind).EnumerateObject().Select(version => int.Parse(version.Name))];
    }

    private static string Without(string file, string kind, string version)
    {
        var content = System.Text.Json.Nodes.JsonNode.Parse(file)!.AsObject();
        content[kind]!.AsObject().Remove(version);
        return content.ToJsonString();
    }
}
