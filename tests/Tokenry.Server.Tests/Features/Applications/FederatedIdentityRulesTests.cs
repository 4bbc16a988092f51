using System.Text.Json.Nodes;
using Tokenry.Server.Tests.Features.OAuth;
using Tokenry.Server.Tests.Platform.Http;

namespace Tokenry.Server.Tests.Features.Applications;

/// <summary><c>/v1/applications/{id}/federated-identities</c>: what is taken, what is shown, and where keys come from.</summary>
public sealed class FederatedIdentityRulesTests(SharedServers servers)
{
    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    [Theory, BothEngines]
    public async Task It_is_shown_as_it_verifies(Engine engine)
    {
        using var issuer = new ForeignIssuer();
        var (admin, application) = await ArrangeAsync(engine);
        var created = await admin.CreateFederatedIdentityAsync(application, issuer, new { claims = new { repository_id = "74" } });
        var id = created.Text("id");
        Assert.StartsWith("fed_", id, StringComparison.Ordinal);
        Assert.Equal($"{Path(application)}/{id}", created.Header("Location"));
        Assert.Equal("federated_identity", created.Text("kind"));
        Assert.Equal(ForeignIssuer.GitHubSubject, created.Text("masked"));
        Assert.False(created.Json.TryGetProperty("token", out _));
        var shown = (await admin.GetAsync($"{Path(application)}/{id}").Expect(200)).Json.GetProperty("federated_identity");
        Assert.Equal(issuer.Address, shown.GetProperty("issuer").GetString());
        Assert.Equal(admin.Address, shown.GetProperty("audience").GetString()); // this server, where nothing else is said
        Assert.Equal("""{"repository_id":"74"}""", shown.GetProperty("claims").GetRawText());
        Assert.Equal(issuer.KeyId, shown.GetProperty("jwks").GetProperty("keys")[0].GetProperty("kid").GetString());
        var listed = await admin.GetAsync(Path(application)).Expect(200);
        Assert.Equal(id, Assert.Single(listed.Json.GetProperty("items").EnumerateArray()).GetProperty("id").GetString());
        await admin.PostAsync($"{Path(application)}/{id}/rotate", new { overlap_seconds = 60 }).Expect(404);
    }

    /// <summary>B.4: one bad member does not spoil the set, and the answer says which keys were taken.</summary>
    [Theory, BothEngines]
    public async Task B4_the_answer_says_which_keys_were_taken(Engine engine)
    {
        using var issuer = new ForeignIssuer(algorithm: "ES256");
        var (admin, application) = await ArrangeAsync(engine);
        var good = issuer.Jwks["keys"]![0]!;
        var encryption = good.DeepClone();
        encryption["use"] = "enc";
        JsonNode?[] keys =
        [
            null,
            "text",
            JsonNode.Parse("""{"kty":"AKP","kid":"pq","alg":"ML-DSA-44","pub":"AA"}"""),
            encryption,
            good.DeepClone(),
            good.DeepClone(),
        ];
        var created = await admin.CreateFederatedIdentityAsync(
            application,
            issuer,
            new { jwks = new JsonObject { ["keys"] = new JsonArray(keys) } }
        );
        var shown = created.Json.GetProperty("federated_identity");
        var taken = Assert.Single(shown.GetProperty("jwks").GetProperty("keys").EnumerateArray());
        Assert.Equal(issuer.KeyId, taken.GetProperty("kid").GetString());
        var unused = shown.GetProperty("jwks_unused").EnumerateArray().Select(text => text.GetString()!).ToArray();
        Assert.Equal(
            ["keys[0] (no kid) is not a JSON", "keys[1] (no kid) is not a JSON", "keys[2] (pq) has a kty that"],
            unused.Take(3).Select(text => text[..Math.Min(text.Length, text.StartsWith("keys[2]", StringComparison.Ordinal) ? 27 : 30)])
        );
        Assert.StartsWith($"keys[3] ({issuer.KeyId}) is not for signatures", unused[3], StringComparison.Ordinal);
        Assert.Equal($"keys[5] ({issuer.KeyId}) is in the set already", unused[4]);

        var token = issuer.Token(ForeignIssuer.GitHub(admin.Address));
        await admin
            .With(null)
            .FormAsync(
                "/oauth/token",
                [
                    ("grant_type", "client_credentials"),
                    ("client_id", application),
                    ("client_assertion_type", AssertionType),
                    ("client_assertion", token),
                ]
            )
            .ExpectOAuth(400, "invalid_target"); // authenticated, and without any right
    }

    public static TheoryData<string, string> BadRequests =>
        new()
        {
            { """{"issuer":"http://token.actions.githubusercontent.com"}""", "issuer" },
            { """{"issuer":"token.actions.githubusercontent.com"}""", "issuer" },
            { """{"issuer":"https://x.example.com?y"}""", "issuer" },
            { """{"issuer":""}""", "issuer" },
            { """{"audience":""}""", "audience" },
            { """{"subject":"*"}""", "subject" },
            { """{"subject":"repo:*"}""", "subject" },
            { """{"subject":"repo:acme*/web"}""", "subject" },
            { """{"subject":""}""", "subject" },
            { """{"claims":{"ref":"*"}}""", "claims" },
            { """{"claims":{"/a~":"x"}}""", "claims" },
            { """{"claims":{"sub":"x"}}""", "claims" },
            { """{"claims":{"":"x"}}""", "claims" },
            { """{"jwks":null}""", "jwks" },
            { """{"jwks":{}}""", "jwks" },
            { """{"jwks":[]}""", "jwks" },
            { """{"jwks":{"keys":[]}}""", "jwks" },
            { """{"jwks":{"keys":[{"kty":"oct","kid":"k","k":"AAAA"}]}}""", "jwks" },
            { """{"jwks_uri":"https://keys.example.com/jwks"}""", "jwks" }, // both
            { """{"jwks":null,"jwks_uri":"https://keys.example.com/jwks"}""", "jwks_uri" }, // this server fetches nothing
        };

    [Theory, MemberData(nameof(BadRequests))]
    public async Task What_does_not_fit_is_said_by_member(string change, string member)
    {
        using var issuer = new ForeignIssuer();
        var (admin, application) = await ArrangeAsync(Engine.Sqlite);
        var body = new JsonObject
        {
            ["name"] = "ci",
            ["issuer"] = issuer.Address,
            ["subject"] = ForeignIssuer.GitHubSubject,
            ["jwks"] = issuer.Jwks,
        };
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
            body[name] = value?.DeepClone();
        var refused = await admin.PostAsync(Path(application), body.ToJsonString()).Expect(400, "invalid_request");
        Assert.Contains(member, refused.Json.GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public async Task A_claim_that_is_no_text_a_private_key_and_our_own_issuer_are_refused()
    {
        using var issuer = new ForeignIssuer(algorithm: "ES256");
        var (admin, application) = await ArrangeAsync(Engine.Sqlite);
        var secret = issuer.Jwks;
        secret["keys"]![0]!["d"] = "AAAA";
        foreach (
            object body in new object[]
            {
                Body(new { claims = new { repository_id = 74 } }),
                Body(new { jwks = secret }),
                Body(new { issuer = admin.Address }),
                Body(new { permissions = Array.Empty<object>() }),
            }
        )
            await admin.PostAsync(Path(application), body).Expect(400, "invalid_request");

        JsonObject Body(object with)
        {
            var body = new JsonObject
            {
                ["name"] = "ci",
                ["issuer"] = issuer.Address,
                ["subject"] = ForeignIssuer.GitHubSubject,
                ["jwks"] = issuer.Jwks,
            };
            foreach (var (name, value) in System.Text.Json.JsonSerializer.SerializeToNode(with, with.GetType())!.AsObject())
                body[name] = value?.DeepClone();
            return body;
        }
    }

    [Fact]
    public async Task An_application_has_twenty_at_most()
    {
        using var issuer = new ForeignIssuer(algorithm: "ES256");
        var (admin, application) = await ArrangeAsync(Engine.Sqlite);
        ApiResponse? last = null;
        for (var i = 0; i < 20; i++)
            last = await admin.CreateFederatedIdentityAsync(application, issuer);
        await admin
            .PostAsync(
                Path(application),
                new
                {
                    name = "one more",
                    issuer = issuer.Address,
                    subject = ForeignIssuer.GitHubSubject,
                    jwks = issuer.Jwks,
                }
            )
            .Expect(409, "limit_reached");
        await admin.DeleteAsync($"{Path(application)}/{last!.Text("id")}").Expect(204);
        await admin.CreateFederatedIdentityAsync(application, issuer);
    }

    /// <summary>Who could authenticate as an application can do all it may.</summary>
    [Theory, BothEngines]
    public async Task One_who_holds_less_than_the_application_lets_nobody_stand_for_it(Engine engine)
    {
        using var issuer = new ForeignIssuer(algorithm: "ES256");
        var admin = await servers.AdminAsync(engine);
        var strong = await Scenario.On(admin).ManagementRole("audit:read").Application().CreateAsync();
        var clerk = await Scenario
            .On(admin)
            .ManagementRole("credentials:write")
            .PersonalAccessToken(_ => new
            {
                permissions = new[] { new { api = "urn:tokenry:management", scopes = new[] { "credentials:write" } } },
            })
            .CreateAsync();
        await admin
            .With(clerk.PersonalAccessToken.Secret)
            .PostAsync(
                Path(strong.Application.Id),
                new
                {
                    name = "ci",
                    issuer = issuer.Address,
                    subject = ForeignIssuer.GitHubSubject,
                    jwks = issuer.Jwks,
                }
            )
            .Expect(403, "exceeds_own_rights");
    }

    [Theory, BothEngines]
    public async Task Where_the_server_may_fetch_keys_come_from_their_address(Engine engine)
    {
        using var keys = new KeyServer();
        using var issuer = new ForeignIssuer();
        keys.Body = issuer.Jwks.ToJsonString();
        await using var server = await ServerProcess.StartAsync(
            engine,
            new ServerOptions
            {
                Settings = new Dictionary<string, string?>(StringComparer.Ordinal)
                {
                    ["Tokenry:Egress:Enabled"] = "true",
                    ["Tokenry:Egress:AllowedNetworks"] = "127.0.0.1",
                },
            }
        );
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).Role().Application().CreateAsync();
        foreach (var refused in new[] { "http://127.0.0.2/jwks", "http://keys.example.com/jwks", "ftp://127.0.0.1/x", "/etc/passwd" })
            await admin.PostAsync(Path(made.Application.Id), Body(refused)).Expect(400, "invalid_request");
        await admin.PostAsync(Path(made.Application.Id), Body(keys.Address.AbsoluteUri)).Expect(201);
        Assert.Equal(0, keys.Requests); // not before somebody comes with a token
        await AssertAsync(issuer).Expect(200);
        await AssertAsync(issuer).Expect(200);
        Assert.Equal(1, keys.Requests);

        // A stranger's key fetches once more at most, and takes nothing away.
        using var stranger = new ForeignIssuer { KeyId = "stranger" };
        for (var i = 0; i < 20; i++)
            await AssertAsync(stranger).ExpectOAuth(401, "invalid_client");
        Assert.InRange(keys.Requests, 1, 2);
        keys.Status = 500;
        await AssertAsync(issuer).Expect(200);

        Task<ApiResponse> AssertAsync(ForeignIssuer from) =>
            admin
                .With(null)
                .FormAsync(
                    "/oauth/token",
                    [
                        ("grant_type", "client_credentials"),
                        ("client_id", made.Application.Id),
                        ("client_assertion_type", AssertionType),
                        ("client_assertion", from.Token(ForeignIssuer.GitHub(server.Address))),
                    ]
                );

        object Body(string address) =>
            new
            {
                name = "ci",
                issuer = issuer.Address,
                subject = ForeignIssuer.GitHubSubject,
                jwks_uri = address,
            };
    }

    private static string Path(string application) => $"/v1/applications/{application}/federated-identities";

    private async Task<(ApiClient Admin, string Application)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        return (admin, (await Scenario.On(admin).Application().CreateAsync()).Application.Id);
    }
}
