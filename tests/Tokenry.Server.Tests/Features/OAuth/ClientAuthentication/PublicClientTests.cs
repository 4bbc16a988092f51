namespace Tokenry.Server.Tests.Features.OAuth.ClientAuthentication;

/// <summary>A public client (RFC 6749 §2.1) says who it is, and gets what that is worth.</summary>
public sealed class PublicClientTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task It_buys_nothing_by_client_credentials(Engine engine)
    {
        var exchange = await ArrangeAsync(engine);
        await exchange
            .Anonymous.FormAsync("/oauth/token", [("grant_type", "client_credentials"), ("client_id", exchange.Service.Id)])
            .ExpectOAuth(400, "unauthorized_client");
    }

    [Theory, BothEngines]
    public async Task A_secret_it_sends_is_refused_even_where_it_has_one(Engine engine)
    {
        var exchange = await ArrangeAsync(engine);
        await exchange.SendAsync(exchange.Pat, exchange.Service, []).ExpectOAuth(401, "invalid_client");
        await exchange.Anonymous.TokenAsync(exchange.Service).ExpectOAuth(401, "invalid_client");
    }

    [Theory, BothEngines]
    public async Task It_exchanges_what_its_policy_allows_and_acts(Engine engine)
    {
        var exchange = await ArrangeAsync(engine);
        var issued = await exchange.SendAsync(exchange.Pat, null, [("client_id", exchange.Service.Id)]).Expect(200);
        var token = issued.Text("access_token");
        var claims = OAuthRequests.Claims(token);
        Assert.Equal(
            (exchange.UserId, exchange.Service.Id),
            (claims.GetProperty("sub").GetString(), claims.GetProperty("client_id").GetString())
        );
        Assert.Equal(exchange.Service.Id, claims.GetProperty("act").GetProperty("sub").GetString());
        var other = await exchange.Admin.CreateApiAsync(["ledger:read"]);
        await exchange
            .SendAsync(exchange.Pat, null, [("client_id", exchange.Service.Id), ("resource", other.Identifier)])
            .ExpectOAuth(400, "invalid_target");
        // CVE-2018-1000211: what it got it can give back (RFC 7009 §2.1).
        await exchange.Anonymous.FormAsync("/oauth/revoke", [("token", token), ("client_id", exchange.Service.Id)]).Expect(200);
        Assert.Equal("revoked", await exchange.Admin.VerifyAsync(token, exchange.Api));
    }

    [Theory, BothEngines]
    public async Task It_introspects_nothing(Engine engine)
    {
        var exchange = await ArrangeAsync(engine);
        await exchange
            .Anonymous.FormAsync("/oauth/introspect", [("token", exchange.Pat), ("client_id", exchange.Service.Id)])
            .ExpectOAuth(401, "invalid_client");
    }

    [Theory, BothEngines]
    public async Task Disabled_or_unknown_or_not_public_it_is_no_client(Engine engine)
    {
        var exchange = await ArrangeAsync(engine);
        var confidential = await exchange.AnotherServiceAsync();
        foreach (var id in new[] { confidential.Id, "app_02x5WlL3bRI7WJsw0Y1MYl", "junk" })
            await exchange.SendAsync(exchange.Pat, null, [("client_id", id)]).ExpectOAuth(401, "invalid_client");
        await exchange.SendAsync(exchange.Pat, null, []).ExpectOAuth(401, "invalid_client");
        await exchange.Admin.PostAsync($"/v1/applications/{exchange.Service.Id}/disable").Expect(200);
        await exchange.SendAsync(exchange.Pat, null, [("client_id", exchange.Service.Id)]).ExpectOAuth(401, "invalid_client");
    }

    private async Task<Exchange> ArrangeAsync(Engine engine) =>
        await Exchange.ArrangeAsync(
            await servers.AdminAsync(engine),
            service: made => new
            {
                token_exchange_audiences = new[] { made.Api.Identifier },
                token_endpoint_auth_methods = new[] { "none" },
            }
        );
}
