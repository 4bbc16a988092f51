using System.Text.Json.Nodes;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary><c>POST /oauth/renew</c>: whoever holds a credential replaces it by that one alone.</summary>
public sealed class RenewalEndpointTests(SharedServers servers)
{
    private const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    [Theory, BothEngines]
    public async Task A_secret_is_replaced_by_itself(Engine engine)
    {
        var (client, admin, made) = await ArrangeAsync(engine);
        var renewed = await client.FormAsync("/oauth/renew", [("overlap_seconds", "60")], made.Client()).Expect(200);
        Assert.Equal("no-store", renewed.Header("Cache-Control"));
        Assert.Equal(made.ClientSecret.Id, renewed.Text("id"));
        var secret = renewed.Text("client_secret");
        Assert.NotEqual(made.ClientSecret.Secret, secret);
        await client.TokenAsync(made.Client()).Expect(200);
        await client.TokenAsync((made.Application.Id, secret)).Expect(200);
        var events = await admin.GetAsync($"/v1/audit?target={made.ClientSecret.Id}&action=client_secret.rotated").Expect(200);
        var told = Assert.Single(events.Json.GetProperty("items").EnumerateArray());
        Assert.Equal(made.Application.Id, told.GetProperty("actor").GetString());
        Assert.Equal(made.ClientSecret.Id, told.GetProperty("credential_id").GetString());
    }

    [Theory, BothEngines]
    public async Task A_key_is_followed_by_the_next_and_ends_after_the_overlap(Engine engine)
    {
        var (client, admin, made) = await ArrangeAsync(engine);
        var app = made.Application.Id;
        var old = made.PublicKey.Key;
        using var next = ClientKey.Make();
        var path = $"/v1/applications/{app}/public-keys/{made.PublicKey.Id}";
        await admin.PatchAsync(path, new { rotate_every_days = 30, allowed_ips = new[] { "127.0.0.0/8" } }).Expect(200);
        var renewed = await RenewAsync(client, old, next.Jwk).Expect(200);
        var id = renewed.Text("id");
        Assert.StartsWith("jwk_", id, StringComparison.Ordinal);
        Assert.NotEqual(made.PublicKey.Id, id);
        Assert.Equal(made.PublicKey.Response.Text("name"), renewed.Text("name"));
        Assert.Equal(30, renewed.Json.GetProperty("rotate_every_days").GetInt32());
        Assert.Equal("127.0.0.0/8", renewed.Json.GetProperty("allowed_ips")[0].GetString());
        await TokenAsync(client, old).Expect(200);
        await TokenAsync(client, next).Expect(200);
        var ends = (await admin.GetAsync(path).Expect(200)).Json.GetProperty("expires_at").GetDateTimeOffset();
        Assert.InRange(ends - DateTimeOffset.UtcNow, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(61));
        Assert.Equal("private_key_jwt", (await LastTokenAsync(admin, id)).GetProperty("auth_method").GetString());

        // The same key again, a private one, none, too short an overlap: nothing happens.
        await RenewAsync(client, next, next.Jwk).ExpectOAuth(400, "invalid_request");
        var secret = next.Jwk;
        secret["d"] = "AA";
        await RenewAsync(client, next, secret).ExpectOAuth(400, "invalid_request");
        await RenewAsync(client, next, null).ExpectOAuth(400, "invalid_request");
        using var third = ClientKey.Make();
        await RenewAsync(client, next, third.Jwk, overlap: "59").ExpectOAuth(400, "invalid_request");
        await RenewAsync(client, third, third.Jwk).ExpectOAuth(401, "invalid_client");
        var keys = (await admin.GetAsync($"/v1/applications/{app}/public-keys").Expect(200)).Json.GetProperty("items");
        Assert.Equal(2, keys.GetArrayLength());

        Task<ApiResponse> RenewAsync(ApiClient to, ClientKey by, JsonObject? jwk, string overlap = "60") =>
            to.FormAsync(
                "/oauth/renew",
                [.. Assertion(by), ("overlap_seconds", overlap), .. jwk is null ? [] : new[] { ("jwk", jwk.ToJsonString()) }]
            );

        Task<ApiResponse> TokenAsync(ApiClient to, ClientKey by) =>
            to.FormAsync("/oauth/token", [("grant_type", "client_credentials"), .. Assertion(by)]);

        (string, string)[] Assertion(ClientKey by) =>
            [("client_assertion_type", Type), ("client_assertion", by.Assertion(app, client.Address))];

        async Task<System.Text.Json.JsonElement> LastTokenAsync(ApiClient asked, string credential)
        {
            await asked.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { access_log = "all" }).Expect(200);
            await TokenAsync(client, next).Expect(200);
            return await asked.LoggedAsync($"credential={credential}&result=issued");
        }
    }

    private async Task<(ApiClient Client, ApiClient Admin, Created Made)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        return (await servers.AnonymousAsync(engine), admin, await Scenario.On(admin).ClientSecret().PublicKey().CreateAsync());
    }
}
