using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary><c>POST /oauth/renew</c>: whoever holds a credential replaces it by that one alone.</summary>
public sealed class RenewalEndpointTests(SharedServers servers, CertificateServers certificateServers)
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

    [Theory, BothEngines]
    public async Task A_certificate_is_followed_by_the_next(Engine engine)
    {
        var server = await certificateServers.GetAsync(engine);
        var app = (await Scenario.On(server.Admin).Role().Application().CreateAsync()).Application.Id;
        var (old, next) = (TestAuthority.SelfSigned(), TestAuthority.SelfSigned());
        var path = $"/v1/applications/{app}/certificates";
        var request = new
        {
            name = "device",
            certificate = old.ExportCertificatePem(),
            expires_at = (string?)null,
            rotate_every_days = 30,
        };
        var first = (await server.Admin.PostAsync(path, request).Expect(201)).Text("id");
        var renewed = await RenewAsync(old, next.ExportCertificatePem()).Expect(200);
        Assert.Equal(("device", 30), (renewed.Text("name"), renewed.Json.GetProperty("rotate_every_days").GetInt32()));
        await TokenAsync(old).Expect(200);
        await TokenAsync(next).Expect(200);
        var ends = (await server.Admin.GetAsync($"{path}/{first}").Expect(200)).Json.GetProperty("expires_at").GetDateTimeOffset();
        Assert.InRange(ends - DateTimeOffset.UtcNow, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(61));

        // That one again, none, one with its key, no certificate at all, somebody's who is not registered: nothing happens.
        await RenewAsync(next, next.ExportCertificatePem()).ExpectOAuth(400, "invalid_request");
        await RenewAsync(next, null).ExpectOAuth(400, "invalid_request");
        var third = TestAuthority.SelfSigned();
        await RenewAsync(next, third.ExportCertificatePem() + third.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())
            .ExpectOAuth(400, "invalid_request");
        await RenewAsync(next, "junk").ExpectOAuth(400, "invalid_request");
        await RenewAsync(third, third.ExportCertificatePem()).ExpectOAuth(401, "invalid_client");
        Assert.Equal(2, (await server.Admin.GetAsync(path).Expect(200)).Json.GetProperty("items").GetArrayLength());

        Task<ApiResponse> RenewAsync(X509Certificate2 by, string? following) =>
            CertificateClient
                .To(server.Tls, by)
                .FormAsync(
                    "/oauth/renew",
                    [("client_id", app), ("overlap_seconds", "60"), .. following is null ? [] : new[] { ("certificate", following) }]
                );

        Task<ApiResponse> TokenAsync(X509Certificate2 by) =>
            CertificateClient.To(server.Tls, by).FormAsync("/oauth/token", [("grant_type", "client_credentials"), ("client_id", app)]);
    }

    [Theory, BothEngines]
    public async Task A_name_from_an_authority_has_nothing_to_renew(Engine engine)
    {
        var server = await certificateServers.GetAsync(engine);
        var app = (await Scenario.On(server.Admin).Role().Application().CreateAsync()).Application.Id;
        var authority = new TestAuthority();
        var rule = new { san_dns = "device.example.com", ca_certificates = authority.Pem };
        await server.Admin.PostAsync($"/v1/applications/{app}/certificates", new { name = "device", tls_client_auth = rule }).Expect(201);
        var own = authority.Issue(new LeafOptions { Dns = "device.example.com" });
        await CertificateClient
            .To(server.Tls, own)
            .FormAsync("/oauth/renew", [("client_id", app), ("certificate", TestAuthority.SelfSigned().ExportCertificatePem())])
            .ExpectOAuth(400, "invalid_request");
    }

    private async Task<(ApiClient Client, ApiClient Admin, Created Made)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        return (await servers.AnonymousAsync(engine), admin, await Scenario.On(admin).ClientSecret().PublicKey().CreateAsync());
    }
}
