using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Tokenry.Server.Composition.Demo;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Tests.Composition;

/// <summary><c>admin demo</c>: half a year in a store that looks, to its own server, like one that was in use.</summary>
public sealed class DemoTests
{
    [Theory, BothEngines]
    public async Task It_fills_an_empty_store_once_and_its_server_starts_on_it(Engine engine)
    {
        await using var server = await ServerProcess.PrepareAsync(engine);
        var told = (await server.RunAsync("admin", "demo")).Expect(0);
        Assert.Equal("", told.Output);
        Assert.Contains("180 of 180 days", told.Error, StringComparison.Ordinal);
        Assert.Contains("./run --Tokenry:DataDirectory=", told.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("tkr_", told.Error, StringComparison.Ordinal);

        // Once is enough: nothing is put beside data that is there, whether a server runs or not.
        var refused = await server.RunAsync("admin", "demo");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("needs an empty one", refused.Error, StringComparison.Ordinal);
        await server.LaunchAsync();
        refused = await server.RunAsync("admin", "demo");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("needs an empty one", refused.Error, StringComparison.Ordinal);

        (await server.RunAsync("admin", "audit", "verify")).Expect(0);
        var admin = await server.AdminAsync();
        Assert.Equal(11, (await ItemsAsync(admin, "/v1/users?limit=100")).Count);
        Assert.Equal(3, (await ItemsAsync(admin, "/v1/organizations")).Count);
        var keys = await ItemsAsync(admin, "/v1/credentials?kind=api_key&limit=100");
        Assert.Contains(keys, key => key.GetProperty("state").GetString() == "revoked");
        Assert.Contains(
            keys,
            key =>
                key.GetProperty("due_at") is { ValueKind: JsonValueKind.String } due
                && due.GetDateTimeOffset() < TimeProvider.System.GetUtcNow()
        );
        Assert.All(
            keys,
            key => Assert.True(key.GetProperty("created_at").GetDateTimeOffset() < TimeProvider.System.GetUtcNow().AddDays(-10))
        );

        // Counted by the code that counts: refusals too, and the leaked key is still tried.
        var since = TimeProvider.System.GetUtcNow().AddDays(-30).ToString("yyyy-MM-ddT00:00:00Z", CultureInfo.InvariantCulture);
        foreach (var code in (string[])["valid", "unknown", "revoked", "insufficient_scope", "expired"])
            Assert.NotEmpty(await ItemsAsync(admin, $"/v1/usage?span=hour&from={since}&code={code}&limit=1"));
        var signals = (await ItemsAsync(admin, "/v1/audit?limit=200&action=signal.revoked_use")).Count;
        Assert.InRange(signals, 1, 200);

        // Only the token of this test is left of the administrator's.
        var tokens = await ItemsAsync(admin, "/v1/credentials?kind=personal_access_token&limit=100&state=active");
        Assert.Single(tokens, token => token.GetProperty("name").GetString() == "admin token");
    }

    [Theory, BothEngines]
    public async Task The_generated_weeks_of_a_large_one_are_rows_as_the_server_writes_them(Engine engine)
    {
        await using var server = await ServerProcess.PrepareAsync(engine);
        await FillDemo.FillAsync(
            OptionsOf(server),
            new DemoSize(Users: 500, Credentials: 2_000, Rows: 20_000),
            TimeProvider.System.GetUtcNow()
        );

        // The chain holds over every event, and nothing in the store is such that the server stumbles over it.
        (await server.RunAsync("admin", "audit", "verify")).Expect(0);
        await server.LaunchAsync();
        var admin = await server.AdminAsync();
        Assert.Equal(511, await CountAsync(admin, "/v1/users"));
        Assert.Equal(108, await CountAsync(admin, "/v1/applications"));
        Assert.InRange(await CountAsync(admin, "/v1/credentials"), 2_018, 2_019);
        Assert.InRange(await CountAsync(admin, "/v1/audit"), 10_000, 12_000);
        foreach (var state in (string[])["active", "disabled", "expired", "revoked", "pending_approval"])
            Assert.NotEmpty(await ItemsAsync(admin, $"/v1/credentials?state={state}&limit=1"));
        foreach (var kind in (string[])["api_key", "anonymous_api_key", "personal_access_token", "client_secret", "public_key"])
            Assert.NotEmpty(await ItemsAsync(admin, $"/v1/credentials?kind={kind}&limit=1"));
        Assert.NotEmpty(await ItemsAsync(admin, "/v1/access-log?result=valid&limit=1"));
        Assert.NotEmpty(await ItemsAsync(admin, "/v1/usage?code=valid&limit=1"));

        // A generated key is one to manage: its rights are those of its role, and it can be rolled, used and revoked.
        var key = (await ItemsAsync(admin, "/v1/credentials?kind=api_key&state=active&expires=never&limit=200"))[^1];
        var rolled = await admin
            .PostAsync($"/v1/api-keys/{key.GetProperty("id").GetString()}/rotate", new { overlap_seconds = 0 })
            .Expect(200);
        var right = key.GetProperty("permissions")[0];
        var check = await admin.PostAsync(
            "/v1/verify",
            new
            {
                token = rolled.Text("token"),
                api = right.GetProperty("api").GetString(),
                scopes = new[] { right.GetProperty("scopes")[0].GetString() },
            }
        );
        Assert.True(check.Json.GetProperty("valid").GetBoolean(), check.Body);
        await admin.DeleteAsync($"/v1/api-keys/{key.GetProperty("id").GetString()}").Expect(204);
        (await server.RunAsync("admin", "audit", "verify")).Expect(0);
    }

    [Fact]
    public async Task An_unknown_size_is_refused_before_anything_is_made()
    {
        await using var server = await ServerProcess.PrepareAsync(Engine.Sqlite);
        var refused = await server.RunAsync("admin", "demo", "--size", "huge");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("'huge' is not a size of the demonstration. Known: small, large.", refused.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(server.DataDirectory));
    }

    private static TokenryOptions OptionsOf(ServerProcess server) =>
        TokenryOptions.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection(
                    new Dictionary<string, string?>
                    {
                        ["Tokenry:DataDirectory"] = server.DataDirectory,
                        ["ConnectionStrings:Tokenry"] = server.ConnectionString,
                    }
                )
                .Build(),
            needsIssuer: false
        );

    private static async Task<int> CountAsync(ApiClient admin, string path)
    {
        var count = 0;
        for (string? cursor = ""; cursor is not null; )
        {
            var page = (await admin.GetAsync($"{path}?limit=200{cursor}").Expect(200)).Json;
            count += page.GetProperty("items").GetArrayLength();
            cursor = page.GetProperty("next_cursor").GetString() is { } next ? $"&cursor={Uri.EscapeDataString(next)}" : null;
        }

        return count;
    }

    private static async Task<List<JsonElement>> ItemsAsync(ApiClient admin, string path) =>
        [.. (await admin.GetAsync(path).Expect(200)).Json.GetProperty("items").EnumerateArray()];
}
