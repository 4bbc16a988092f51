using System.Globalization;
using System.Text.Json;

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

    private static async Task<List<JsonElement>> ItemsAsync(ApiClient admin, string path) =>
        [.. (await admin.GetAsync(path).Expect(200)).Json.GetProperty("items").EnumerateArray()];
}
