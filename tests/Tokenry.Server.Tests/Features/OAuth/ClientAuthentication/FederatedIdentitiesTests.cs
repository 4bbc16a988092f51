using System.Text.Json.Nodes;

namespace Tokenry.Server.Tests.Features.OAuth.ClientAuthentication;

/// <summary>A workload with a token of its own platform needs no secret of ours: GitHub Actions, GitLab CI, Kubernetes, Azure.</summary>
public sealed class FederatedIdentitiesTests(SharedServers servers)
{
    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    private const string IdToken = "urn:ietf:params:oauth:token-type:id_token";

    [Theory]
    [BothEngines("github")]
    [BothEngines("gitlab")]
    [BothEngines("kubernetes")]
    [BothEngines("azure")]
    public async Task A_platforms_token_authenticates_the_application_it_stands_for(Engine engine, string platform)
    {
        using var scene = await ArrangeAsync(engine, platform);
        var token = scene.Token();
        var issued = await scene.AssertAsync(token).Expect(200);
        var claims = OAuthRequests.Claims(issued.Text("access_token"));
        Assert.Equal(scene.ClientId, claims.GetProperty("sub").GetString());
        Assert.Equal(scene.ClientId, claims.GetProperty("client_id").GetString());
        Assert.Equal(scene.IdentityId, claims.GetProperty("credential_id").GetString());
        var entry = await scene.Admin.LoggedAsync($"token={claims.GetProperty("jti").GetString()}");
        Assert.Equal("federated_identity", entry.GetProperty("auth_method").GetString());
        Assert.Equal("client_credentials", entry.GetProperty("grant_type").GetString());
        // A job asks as often as its token lives.
        await scene.AssertAsync(token).Expect(200);
    }

    [Theory]
    [BothEngines(Exchange.Jwt)]
    [BothEngines(IdToken)]
    public async Task As_subject_token_it_is_all_a_request_needs_and_nobody_acts(Engine engine, string type)
    {
        using var scene = await ArrangeAsync(engine);
        var issued = await scene.ExchangeAsync(scene.Token(), ("subject_token_type", type)).Expect(200);
        Assert.Equal(Exchange.AccessToken, issued.Text("issued_token_type"));
        var claims = OAuthRequests.Claims(issued.Text("access_token"));
        Assert.Equal(scene.ClientId, claims.GetProperty("sub").GetString());
        Assert.Equal(scene.ClientId, claims.GetProperty("client_id").GetString());
        Assert.Equal(scene.IdentityId, claims.GetProperty("credential_id").GetString());
        Assert.False(claims.TryGetProperty("act", out _));
        var entry = await scene.Admin.LoggedAsync($"token={claims.GetProperty("jti").GetString()}");
        Assert.Equal("federated_identity", entry.GetProperty("auth_method").GetString());
        Assert.Equal(scene.ClientId, entry.GetProperty("subject").GetString());
    }

    [Theory, BothEngines]
    public async Task What_is_bought_ends_with_the_token_where_it_is_exchanged(Engine engine)
    {
        using var scene = await ArrangeAsync(engine);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var issued = await scene.ExchangeAsync(scene.Token((_, claims) => claims["exp"] = now + 60)).Expect(200);
        Assert.True(OAuthRequests.Claims(issued.Text("access_token")).GetProperty("exp").GetInt64() <= now + 60);
    }

    public static TheoryData<string, string, string> NotThisApplications =>
        new()
        {
            {
                "another repository",
                """{"sub":"repo:acme/other:ref:refs/heads/main","repository":"acme/other","repository_id":"75"}""",
                "federated_wrong_subject"
            },
            { "another owner by a like name", """{"sub":"repo:acme-evil/web:ref:refs/heads/main"}""", "federated_wrong_subject" },
            {
                "a pull request",
                """{"sub":"repo:acme/web:pull_request","event_name":"pull_request","ref":"refs/pull/7/merge"}""",
                "federated_wrong_subject"
            },
            { "a fork that took the name over", """{"repository_id":"9001"}""", "federated_wrong_claim" },
            { "another branch", """{"sub":"repo:acme/web:ref:refs/heads/dev","ref":"refs/heads/dev"}""", "federated_wrong_subject" },
            { "no repository id", """{"repository_id":null}""", "federated_wrong_claim" },
            { "another audience", """{"aud":"https://other.example.com"}""", "federated_wrong_audience" },
            { "expired", """{"exp":1700000000}""", "federated_expired" },
            { "endless", """{"exp":4102444800}""", "federated_too_long_lived" },
            { "without end", """{"exp":null}""", "federated_invalid_claims" },
            { "not yet", """{"nbf":4102444800}""", "federated_not_yet_valid" },
            { "bound to a key", """{"cnf":{"jkt":"x"}}""", "federated_invalid_claims" },
            { "for another actor", """{"may_act":{"sub":"app_02x5WlL3bRI7WJsw0Y1MYl"}}""", "federated_other_actor" },
            { "another issuer", """{"iss":"https://ci.example.com"}""", "federated_unknown_issuer" },
        };

    [Theory, MemberData(nameof(NotThisApplications))]
    public async Task Whose_token_it_is_not_gets_one_answer_and_the_audit_the_reason(string why, string change, string reason)
    {
        using var scene = await ArrangeAsync(Engine.Sqlite);
        var token = scene.Token((_, claims) => Merge(claims, change));
        var refused = await scene.AssertAsync(token).ExpectOAuth(401, "invalid_client");
        Assert.Equal("client authentication failed", refused.Text("error_description"));
        Assert.Equal((reason, why), (await scene.ReasonAsync(refused), why));
        var asSubject = await scene.ExchangeAsync(token).ExpectOAuth(400, "invalid_request");
        Assert.Equal("the subject token is not acceptable", asSubject.Text("error_description"));
        Assert.Equal(reason, await scene.ReasonAsync(asSubject));
    }

    [Fact]
    public async Task A_foreign_key_an_unknown_one_and_another_kind_of_token_are_refused()
    {
        using var scene = await ArrangeAsync(Engine.Sqlite);
        using var thief = new ForeignIssuer();
        using var stranger = new ForeignIssuer { KeyId = "another" };
        await RefusedAsync(thief.Token(ForeignIssuer.GitHub(scene.Audience)), "federated_bad_signature");
        await RefusedAsync(stranger.Token(ForeignIssuer.GitHub(scene.Audience)), "federated_unknown_key");
        foreach (var type in new[] { "at+jwt", "dpop+jwt", "client-authentication+jwt" })
            await RefusedAsync(scene.Token((header, _) => header["typ"] = type), "federated_wrong_type");
        await RefusedAsync(scene.Token((header, _) => header["jku"] = "https://evil.example.com"), "malformed");

        async Task RefusedAsync(string token, string reason)
        {
            // Where nothing can be read of it, an assertion is like any that is none.
            var refused = await scene.AssertAsync(token).ExpectOAuth(401, "invalid_client");
            Assert.Equal(reason, await scene.ReasonAsync(refused));
        }
    }

    [Theory, BothEngines]
    public async Task It_stands_for_the_application_that_registered_it_and_no_other(Engine engine)
    {
        using var scene = await ArrangeAsync(engine);
        var other = await Scenario.On(scene.Admin).ClientSecret().CreateAsync();
        await scene.AssertAsync(scene.Token(), clientId: other.Application.Id).ExpectOAuth(401, "invalid_client");
        await scene.AssertAsync(scene.Token(), clientId: null).ExpectOAuth(401, "invalid_client");
        await scene.AssertAsync(scene.Token(), clientId: "app_02x5WlL3bRI7WJsw0Y1MYl").ExpectOAuth(401, "invalid_client");
        // Nor as another authenticated client's subject token.
        await scene
            .Anonymous.FormAsync(
                "/oauth/token",
                [("grant_type", Exchange.Grant), ("subject_token", scene.Token()), ("subject_token_type", Exchange.Jwt)],
                other.Client()
            )
            .ExpectOAuth(400, "invalid_request");
    }

    [Theory, BothEngines]
    public async Task Its_life_is_a_credentials_life(Engine engine)
    {
        using var scene = await ArrangeAsync(engine);
        var path = $"/v1/applications/{scene.ClientId}/federated-identities/{scene.IdentityId}";
        var issued = (await scene.AssertAsync(scene.Token()).Expect(200)).Text("access_token");
        await scene.Admin.PostAsync($"{path}/disable").Expect(200);
        Assert.Equal("disabled", await scene.ReasonAsync(await scene.AssertAsync(scene.Token()).ExpectOAuth(401, "invalid_client")));
        await scene.Admin.PostAsync($"{path}/enable").Expect(200);
        await scene.Admin.PatchAsync(path, new { allowed_ips = new[] { "203.0.113.0/24" } }).Expect(200);
        Assert.Equal("ip_not_allowed", await scene.ReasonAsync(await scene.AssertAsync(scene.Token()).ExpectOAuth(401, "invalid_client")));
        await scene.Admin.PatchAsync(path, new { allowed_ips = (string[]?)null }).Expect(200);
        await scene.AssertAsync(scene.Token()).Expect(200);
        await scene.Admin.DeleteAsync(path).Expect(204);
        await scene.AssertAsync(scene.Token()).ExpectOAuth(401, "invalid_client");
        Assert.Equal("revoked", await scene.Admin.VerifyAsync(issued, scene.Made.Api.Identifier));
    }

    [Theory, BothEngines]
    public async Task An_application_that_names_its_methods_takes_it_only_if_it_is_named(Engine engine)
    {
        using var scene = await ArrangeAsync(engine);
        var path = $"/v1/applications/{scene.ClientId}";
        await scene.Admin.PatchAsync(path, new { token_endpoint_auth_methods = new[] { "private_key_jwt" } }).Expect(200);
        Assert.Equal(
            "auth_method_not_allowed",
            await scene.ReasonAsync(await scene.AssertAsync(scene.Token()).ExpectOAuth(401, "invalid_client"))
        );
        await scene.ExchangeAsync(scene.Token()).ExpectOAuth(400, "invalid_request");
        await scene.Admin.PatchAsync(path, new { token_endpoint_auth_methods = new[] { "federated_identity" } }).Expect(200);
        await scene.AssertAsync(scene.Token()).Expect(200);
    }

    [Theory, BothEngines]
    public async Task It_exchanges_other_peoples_tokens_for_the_application_like_any_authentication(Engine engine)
    {
        using var scene = await ArrangeAsync(engine);
        var pat = await Scenario
            .On(scene.Admin)
            .User(_ => new { roles = new[] { scene.Made.Role.Id } })
            .PersonalAccessToken()
            .CreateAsync();
        var issued = await scene
            .Anonymous.FormAsync(
                "/oauth/token",
                [
                    ("grant_type", Exchange.Grant),
                    ("subject_token", pat.PersonalAccessToken.Secret),
                    ("subject_token_type", Exchange.AccessToken),
                    ("client_id", scene.ClientId),
                    ("client_assertion_type", AssertionType),
                    ("client_assertion", scene.Token()),
                ]
            )
            .Expect(200);
        var claims = OAuthRequests.Claims(issued.Text("access_token"));
        Assert.Equal(pat.User.Id, claims.GetProperty("sub").GetString());
        Assert.Equal(scene.ClientId, claims.GetProperty("act").GetProperty("sub").GetString());
    }

    [Theory, BothEngines]
    public async Task Of_several_identities_the_one_that_fits_is_found(Engine engine)
    {
        using var scene = await ArrangeAsync(engine);
        using var other = new ForeignIssuer();
        await scene.Admin.CreateFederatedIdentityAsync(scene.ClientId, other, new { subject = "repo:acme/web:environment:production" });
        var tags = await scene.Admin.CreateFederatedIdentityAsync(
            scene.ClientId,
            scene.Issuer,
            new { subject = "repo:acme/web:ref:refs/tags/v*" }
        );
        var token = scene.Token((_, claims) => claims["sub"] = "repo:acme/web:ref:refs/tags/v1.2.3");
        var issued = await scene.AssertAsync(token).Expect(200);
        Assert.Equal(tags.Text("id"), OAuthRequests.Claims(issued.Text("access_token")).GetProperty("credential_id").GetString());
        await scene.AssertAsync(scene.Token()).Expect(200);
    }

    private static void Merge(JsonObject claims, string change)
    {
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
        {
            claims.Remove(name);
            if (value is not null)
                claims[name] = value.DeepClone();
        }
    }

    private async Task<Scene> ArrangeAsync(Engine engine, string platform = "github")
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(_ => new { access_log = "all" })
            .Role()
            .Application(m => new { token_exchange_audiences = new[] { m.Api.Identifier } })
            .CreateAsync();
        var (issuer, rule) = platform switch
        {
            "gitlab" => (
                new ForeignIssuer("https://gitlab.com"),
                (object)
                    new
                    {
                        subject = "project_path:acme/web:ref_type:branch:ref:*",
                        claims = new
                        {
                            project_id = "20",
                            ref_protected = "true",
                            ref_path = "refs/heads/*",
                        },
                    }
            ),
            "kubernetes" => (
                new ForeignIssuer("https://kubernetes.default.svc.cluster.local"),
                new
                {
                    subject = "system:serviceaccount:ci:deployer",
                    claims = new Dictionary<string, string>
                    {
                        ["/kubernetes.io/namespace"] = "ci",
                        ["/kubernetes.io/serviceaccount/uid"] = "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798",
                    },
                }
            ),
            "azure" => (
                new ForeignIssuer("https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0"),
                new
                {
                    subject = "f9b6a3a2-0a1b-4c2d-8e3f-445566778899",
                    audience = "api://tokenry",
                    claims = new { tid = "72f988bf-86f1-41af-91ab-2d7cd011db47", oid = "f9b6a3a2-0a1b-4c2d-8e3f-445566778899" },
                }
            ),
            _ => (new ForeignIssuer(), new { claims = new { repository_id = "74", repository_owner_id = "65" } }),
        };
        var identity = await admin.CreateFederatedIdentityAsync(made.Application.Id, issuer, rule);
        return new Scene(admin, made, issuer, identity.Text("id"), platform);
    }

    private sealed record Scene(ApiClient Admin, Created Made, ForeignIssuer Issuer, string IdentityId, string Platform) : IDisposable
    {
        public ApiClient Anonymous => Admin.With(null);

        public string ClientId => Made.Application.Id;

        public string Audience => Platform == "azure" ? "api://tokenry" : Admin.Address;

        public string Token(Action<JsonObject, JsonObject>? change = null) =>
            Platform switch
            {
                "gitlab" => Issuer.Token(ForeignIssuer.GitLab(Audience), change),
                "kubernetes" => Issuer.Token(
                    ForeignIssuer.Kubernetes(Audience),
                    (header, claims) =>
                    {
                        header.Remove("typ");
                        change?.Invoke(header, claims);
                    }
                ),
                "azure" => Issuer.Token(
                    ForeignIssuer.Azure(Audience),
                    (header, claims) =>
                    {
                        claims["exp"] = DateTimeOffset.UtcNow.AddHours(24).ToUnixTimeSeconds();
                        change?.Invoke(header, claims);
                    }
                ),
                _ => Issuer.Token(ForeignIssuer.GitHub(Audience), change),
            };

        public Task<ApiResponse> AssertAsync(string token) => AssertAsync(token, ClientId);

        public Task<ApiResponse> AssertAsync(string token, string? clientId)
        {
            (string, string)[] form =
            [
                ("grant_type", "client_credentials"),
                ("client_assertion_type", AssertionType),
                ("client_assertion", token),
            ];
            return Anonymous.FormAsync("/oauth/token", clientId is null ? form : [.. form, ("client_id", clientId)]);
        }

        public Task<ApiResponse> ExchangeAsync(string token, params (string, string)[] with) =>
            new Exchange(Admin, Made).SendAsync(
                token,
                null,
                with.Length > 0 ? [("client_id", ClientId), .. with] : [("client_id", ClientId), ("subject_token_type", Exchange.Jwt)]
            );

        public async Task<string?> ReasonAsync(ApiResponse refused) =>
            (await new Exchange(Admin, Made).RefusalAsync(refused)).GetProperty("result").GetString();

        public void Dispose() => Issuer.Dispose();
    }
}
