using System.Text.Json.Nodes;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.OAuth.Grants;

/// <summary>What becomes of an exchanged token: it has its subject's rights now, and ends with any of those it stands on.</summary>
public sealed class ExchangedTokenTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task It_is_good_for_what_its_subject_may_do_and_tells_the_two_apart(Engine engine)
    {
        var exchange = await ArrangeAsync(engine);
        var token = await exchange.TokenAsync(exchange.Pat);
        var verified = await exchange
            .Admin.PostAsync(
                "/v1/verify",
                new
                {
                    token,
                    api = exchange.Api,
                    scopes = new[] { "invoices:write" },
                }
            )
            .Expect(200);
        Assert.Equal("valid", verified.Text("code"));
        Assert.Equal(exchange.UserId, verified.Text("subject"));
        Assert.Equal(exchange.Service.Id, verified.Text("application_id"));
        var seen = await exchange.Admin.IntrospectAsync(token).ExpectActive();
        Assert.Equal(exchange.UserId, seen.Text("sub"));
        Assert.Equal(exchange.Service.Id, seen.Text("client_id"));
        Assert.Equal(exchange.Service.Id, seen.Text("act.sub"));
        // The client may look at what was issued to it, and give it back.
        await exchange.Anonymous.IntrospectAsync(token, exchange.Service).ExpectActive();
        var other = await exchange.AnotherServiceAsync();
        await exchange.Anonymous.IntrospectAsync(token, other).ExpectInactive();
        await exchange.Anonymous.RevokeAsync(token, other).ExpectOAuth(400, "invalid_grant");
        await exchange.Anonymous.RevokeAsync(token, exchange.Service).Expect(200);
        Assert.Equal("revoked", await exchange.Admin.VerifyAsync(token, exchange.Api));
        await exchange.ExpectNotAcceptableAsync(exchange.SendAsync(token), "revoked");
    }

    [Theory, BothEngines]
    public async Task Demoting_the_user_takes_scopes_at_the_next_look(Engine engine)
    {
        var exchange = await ArrangeAsync(engine);
        var token = await exchange.TokenAsync(exchange.Pat);
        var weaker = await exchange.Admin.CreateRoleAsync([new { api = exchange.Api, scopes = new[] { "invoices:read" } }]);
        await exchange.Admin.PatchAsync($"/v1/users/{exchange.UserId}", new { roles = new[] { weaker.Id } }).Expect(200);
        await ExpectAsync(exchange, token, "invoices:write", "insufficient_scope");
        await ExpectAsync(exchange, token, "invoices:read", "valid");
        await exchange.Admin.PatchAsync($"/v1/users/{exchange.UserId}", new { roles = Array.Empty<string>() }).Expect(200);
        await ExpectAsync(exchange, token, "invoices:read", "wrong_api");
    }

    [Theory, BothEngines]
    public async Task Narrowing_the_credential_narrows_what_came_of_it(Engine engine)
    {
        var exchange = await ArrangeAsync(engine);
        var token = await exchange.TokenAsync(exchange.Pat);
        await exchange
            .Admin.PatchAsync(
                $"/v1/users/{exchange.UserId}/tokens/{exchange.Made.PersonalAccessToken.Id}",
                new { permissions = new[] { new { api = exchange.Api, scopes = new[] { "invoices:read" } } } }
            )
            .Expect(200);
        await ExpectAsync(exchange, token, "invoices:write", "insufficient_scope");
        await ExpectAsync(exchange, token, "invoices:read", "valid");
    }

    [Theory, BothEngines]
    public async Task What_was_narrowed_for_one_API_stays_so_by_way_of_others(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var apis = new[] { await admin.CreateApiAsync(["r", "w"]), await admin.CreateApiAsync(["z"]), await admin.CreateApiAsync(["y"]) };
        var (a, b, c) = (apis[0].Identifier, apis[1].Identifier, apis[2].Identifier);
        var subject = await ClientAsync(new { permissions = new object[] { At(a, "r", "w"), At(b, "z"), At(c, "y") } });
        var service = await ClientAsync(new { token_exchange_audiences = new[] { a, b, c } });
        foreach (var api in apis)
            await admin.PatchAsync($"/v1/api-resources/{api.Id}", new { resource_servers = new[] { service.Id } }).Expect(200);

        var narrow = await admin.With(null).AccessTokenAsync(subject, ("resource", a), ("scope", "r"));
        var there = await ExchangeAsync(narrow, b);
        Assert.Equal("z", there.Text("scope")); // at another API its credential says
        foreach (
            var way in new[]
            {
                there,
                await ExchangeAsync(there.Text("access_token"), c),
                await ExchangeAsync(there.Text("access_token"), b),
            }
        )
        {
            var back = await ExchangeAsync(way.Text("access_token"), a);
            Assert.Equal("r", back.Text("scope"));
            Assert.Equal("insufficient_scope", await admin.CodeAsync(back.Text("access_token"), a, ["w"]));
        }

        // What was not narrowed goes round whole.
        var wide = await admin.With(null).AccessTokenAsync(subject, ("resource", a));
        var round = await ExchangeAsync((await ExchangeAsync(wide, c)).Text("access_token"), a);
        Assert.Equal("r w", round.Text("scope"));

        async Task<(string Id, string Secret)> ClientAsync(object with)
        {
            var application = await admin.CreateApplicationAsync([], with);
            return (application.Id, (await admin.CreateClientSecretAsync(application.Id)).Secret);
        }

        Task<ApiResponse> ExchangeAsync(string token, string resource) =>
            admin
                .With(null)
                .FormAsync(
                    "/oauth/token",
                    [
                        ("grant_type", Exchange.Grant),
                        ("subject_token", token),
                        ("subject_token_type", Exchange.AccessToken),
                        ("resource", resource),
                    ],
                    service
                )
                .Expect(200);
    }

    [Theory, BothEngines]
    public async Task A_token_comes_through_so_many_APIs_and_no_more(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var apis = new List<string>();
        for (var i = 0; i < 10; i++)
            apis.Add((await admin.CreateApiAsync(["r"])).Identifier);
        var application = await admin.CreateApplicationAsync(
            [],
            new { permissions = apis.Select(api => At(api, "r")), token_exchange_audiences = apis }
        );
        var client = (application.Id, (await admin.CreateClientSecretAsync(application.Id)).Secret);
        var token = await admin.With(null).AccessTokenAsync(client, ("resource", apis[0]));
        for (var i = 1; i < 10; i++)
        {
            var next = await admin
                .With(null)
                .FormAsync(
                    "/oauth/token",
                    [
                        ("grant_type", Exchange.Grant),
                        ("subject_token", token),
                        ("subject_token_type", Exchange.AccessToken),
                        ("resource", apis[i]),
                    ],
                    client
                );
            if (i == 9)
            {
                await Task.FromResult(next).ExpectOAuth(400, "invalid_request");
                break;
            }

            token = next.Expect(200).Text("access_token");
        }
    }

    [Theory]
    [BothEngines("pat", "revoked")]
    [BothEngines("user", "owner_disabled")]
    [BothEngines("client", "owner_disabled")]
    [BothEngines("deleted client", "owner_disabled")]
    [BothEngines("deleted user", "revoked")]
    public async Task It_ends_with_what_it_stands_on(Engine engine, string what, string code)
    {
        var exchange = await ArrangeAsync(engine);
        var token = await exchange.TokenAsync(exchange.Pat);
        Assert.Equal("valid", await exchange.Admin.VerifyAsync(token, exchange.Api));
        var (user, client) = ($"/v1/users/{exchange.UserId}", $"/v1/applications/{exchange.Service.Id}");
        await (
            what switch
            {
                "pat" => exchange.Admin.DeleteAsync($"{user}/tokens/{exchange.Made.PersonalAccessToken.Id}").Expect(204),
                "user" => exchange.Admin.PostAsync($"{user}/disable").Expect(200),
                "client" => exchange.Admin.PostAsync($"{client}/disable").Expect(200),
                "deleted client" => exchange.Admin.DeleteAsync(client).Expect(204),
                _ => exchange.Admin.DeleteAsync(user).Expect(204),
            }
        );
        Assert.Equal(code, await exchange.Admin.VerifyAsync(token, exchange.Api));
        await exchange.Admin.IntrospectAsync(token).ExpectInactive();
    }

    /// <summary>Never less constrained: whoever exchanges a bound token holds its key, and gets another bound to it.</summary>
    [Theory, BothEngines]
    public async Task A_bound_token_is_exchanged_with_its_proof_for_a_bound_token(Engine engine)
    {
        using var key = ClientKey.Make();
        using var thief = ClientKey.Make();
        var exchange = await ArrangeAsync(engine);
        var endpoint = exchange.Anonymous.Address + "/oauth/token";
        var issued = await SendAsync(exchange.Pat, key.Proof("POST", endpoint)).Expect(200);
        Assert.Equal("DPoP", issued.Text("token_type"));
        var bound = issued.Text("access_token");

        await exchange.ExpectNotAcceptableAsync(exchange.SendAsync(bound), "proof_required");
        await exchange.ExpectNotAcceptableAsync(SendAsync(bound, thief.Proof("POST", endpoint, bound)), "proof_required");
        await exchange.ExpectNotAcceptableAsync(SendAsync(bound, key.Proof("POST", endpoint)), "proof_required"); // made for no token
        await exchange.ExpectNotAcceptableAsync(SendAsync(bound, key.Proof("POST", endpoint, exchange.Pat)), "proof_required");
        await SendAsync(bound, key.Proof("GET", endpoint, bound)).ExpectOAuth(400, "invalid_dpop_proof");

        var proof = key.Proof("POST", endpoint, bound);
        var again = await SendAsync(bound, proof).Expect(200);
        Assert.Equal("DPoP", again.Text("token_type"));
        var cnf = OAuthRequests.Claims(again.Text("access_token")).GetProperty("cnf");
        Assert.Equal(key.Thumbprint, cnf.GetProperty("jkt").GetString());
        await SendAsync(bound, proof).ExpectOAuth(400, "invalid_dpop_proof");

        Task<ApiResponse> SendAsync(string subject, string dpop) =>
            exchange.SendAsync(subject, exchange.Service, [], new Dictionary<string, string> { ["DPoP"] = dpop });
    }

    /// <summary>What our own server never writes today is enforced all the same, since a token may say it.</summary>
    [Fact]
    public async Task May_act_names_the_only_one_who_may_exchange()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Postgres);
        var exchange = await Exchange.ArrangeAsync(await server.AdminAsync());
        using var key = await ServerSigningKey.TakeAsync(server);
        var token = await exchange.TokenAsync(exchange.Pat);
        await exchange.SendAsync(With($$"""{"sub":"{{exchange.Service.Id}}"}""")).Expect(200);
        await exchange.SendAsync(With($$"""{"sub":"{{exchange.Service.Id}}","iss":"{{server.Address}}"}""")).Expect(200);
        foreach (
            var other in new[]
            {
                """{"sub":"app_02x5WlL3bRI7WJsw0Y1MYl"}""",
                $$"""{"sub":"{{exchange.UserId}}"}""",
                $$"""{"sub":"{{exchange.Service.Id}}","iss":"https://other.example.com"}""",
                $$"""{"sub":"{{exchange.Service.Id}}","email":"who@example.com"}""",
            }
        )
            await exchange.ExpectNotAcceptableAsync(exchange.SendAsync(With(other)), "not_the_authorized_actor");
        foreach (var broken in new[] { "\"x\"", "{}", "[]", "{\"sub\":7}" })
            await exchange.ExpectNotAcceptableAsync(exchange.SendAsync(With(broken)), "malformed");

        string With(string mayAct)
        {
            var claims = JsonNode.Parse(OAuthRequests.Claims(token).GetRawText())!.AsObject();
            claims["may_act"] = JsonNode.Parse(mayAct);
            return key.Sign(key.Header(), claims);
        }
    }

    private static async Task ExpectAsync(Exchange exchange, string token, string scope, string code)
    {
        var verified = await exchange
            .Admin.PostAsync(
                "/v1/verify",
                new
                {
                    token,
                    api = exchange.Api,
                    scopes = new[] { scope },
                }
            )
            .Expect(200);
        Assert.Equal(code, verified.Text("code"));
    }

    private async Task<Exchange> ArrangeAsync(Engine engine) => await Exchange.ArrangeAsync(await servers.AdminAsync(engine));
}
