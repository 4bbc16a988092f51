using System.Text.Json.Nodes;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>RFC 9449 from the token endpoint to every door (security §3.8, §3.9 and §2 rows 20 and 21).</summary>
public sealed class DpopTests(SharedServers servers)
{
    private const string Algorithms = "DPoP algs=\"ES256 PS256 RS256\"";

    [Theory]
    [BothEngines("ES256")]
    [BothEngines("RS256")]
    [BothEngines("PS256")]
    public async Task A_proof_binds_the_token_to_its_key(Engine engine, string algorithm)
    {
        using var key = ClientKey.Make(algorithm);
        var (client, admin, made) = await ArrangeAsync(engine);
        var issued = await TokenAsync(client, made, key.Proof("POST", client.Address + "/oauth/token")).Expect(200);
        Assert.Equal("DPoP", issued.Text("token_type"));
        var token = issued.Text("access_token");
        Assert.Equal(key.Thumbprint, OAuthRequests.Claims(token).GetProperty("cnf").GetProperty("jkt").GetString());
        var active = await admin.IntrospectAsync(token).ExpectActive();
        Assert.Equal("DPoP", active.Text("token_type"));
        Assert.Equal(key.Thumbprint, active.Json.GetProperty("cnf").GetProperty("jkt").GetString());
    }

    public static TheoryData<string, string> BadProofs() =>
        new()
        {
            { "htm of another method", """{"htm":"GET"}""" },
            { "htm in lower case", """{"htm":"post"}""" },
            { "htu of another endpoint", """{"htu":"$issuer/oauth/introspect"}""" },
            { "htu of another case", """{"htu":"$issuer/OAUTH/token"}""" },
            { "iat an hour ago", """{"iat":$now-3600}""" },
            { "iat an hour ahead", """{"iat":$now+3600}""" },
            { "no jti", """{"jti":null}""" },
            { "typ of an assertion", """{"typ":"client-authentication+jwt"}""" },
            { "alg of another curve", """{"alg":"ES384"}""" },
            { "alg none", """{"alg":"none"}""" },
            { "no key", """{"jwk":null}""" },
        };

    [Theory, MemberData(nameof(BadProofs))]
    public async Task A_bad_proof_is_invalid_dpop_proof(string why, string change)
    {
        using var key = ClientKey.Make();
        var (client, _, made) = await ArrangeAsync(Engine.Sqlite);
        var proof = key.Proof("POST", client.Address + "/oauth/token", change: Changed(change, client.Address));
        var refused = await TokenAsync(client, made, proof).ExpectOAuth(400, "invalid_dpop_proof");
        Assert.True(refused.Header("DPoP-Nonce") is null, why);
    }

    [Fact]
    public async Task Query_and_case_of_the_host_and_ten_seconds_are_no_matter()
    {
        using var key = ClientKey.Make();
        var (client, _, made) = await ArrangeAsync(Engine.Sqlite);
        var address = client.Address.Replace("http://", "HTTP://", StringComparison.Ordinal) + "/oauth/./token?x=1#y";
        await TokenAsync(client, made, key.Proof("POST", address)).Expect(200);
        foreach (var change in new[] { """{"iat":$now-10}""", """{"iat":$now+10}""" })
            await TokenAsync(client, made, key.Proof("POST", client.Address + "/oauth/token", change: Changed(change, client.Address)))
                .Expect(200);
    }

    [Theory, BothEngines]
    public async Task A_proof_buys_once(Engine engine)
    {
        using var key = ClientKey.Make();
        var (client, _, made) = await ArrangeAsync(engine);
        // What fails for another reason uses nothing up.
        var proof = key.Proof("POST", client.Address + "/oauth/token");
        await TokenAsync(client, made, proof, ("scope", "no:such")).ExpectOAuth(400, "invalid_scope");
        await TokenAsync(client, made, proof).Expect(200);
        await TokenAsync(client, made, proof).ExpectOAuth(400, "invalid_dpop_proof");
        var other = key.Proof("POST", client.Address + "/oauth/token");
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => TokenAsync(client, made, other)));
        Assert.Single(answers, answer => answer.Status == 200);
    }

    [Theory, BothEngines]
    public async Task A_client_whose_tokens_must_be_bound_gets_no_other(Engine engine)
    {
        using var key = ClientKey.Make();
        var (client, admin, made) = await ArrangeAsync(engine);
        await admin.PatchAsync($"/v1/applications/{made.Application.Id}", new { dpop_bound_access_tokens = true }).Expect(200);
        await client.TokenAsync(made.Client()).ExpectOAuth(400, "invalid_request");
        await TokenAsync(client, made, key.Proof("POST", client.Address + "/oauth/token")).Expect(200);
    }

    /// <summary>CVE-2024-49755, kc#38333: our own API takes a bound token with its proof and in no other way.</summary>
    [Theory, BothEngines]
    public async Task Our_own_API_asks_for_the_proof(Engine engine)
    {
        using var key = ClientKey.Make();
        using var foreign = ClientKey.Make();
        var admin = await servers.AdminAsync(engine);
        var client = await servers.AnonymousAsync(engine);
        var made = await Scenario.On(admin).ManagementRole("applications:read", "introspect").Application().ClientSecret().CreateAsync();
        var token = await BoundAsync(client, made, key, ("resource", "urn:tokenry:management"));
        var address = client.Address + "/v1/me";
        await MeAsync("DPoP", token, key.Proof("GET", address, token)).Expect(200);
        await MeAsync("dpop", token, key.Proof("GET", address, token)).Expect(200);

        var bearer = await MeAsync("Bearer", token, null).Expect(401, "invalid_token");
        Assert.StartsWith(Algorithms + ", error=\"invalid_token\"", bearer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        await MeAsync("Bearer", token, key.Proof("GET", address, token)).Expect(401, "invalid_token");
        var missing = await MeAsync("DPoP", token, null).Expect(401, "invalid_token");
        Assert.StartsWith(Algorithms + ", error=\"invalid_dpop_proof\"", missing.Header("WWW-Authenticate"), StringComparison.Ordinal);
        await MeAsync("DPoP", token, foreign.Proof("GET", address, token)).Expect(401);
        await MeAsync("DPoP", token, key.Proof("GET", address)).Expect(401);
        await MeAsync("DPoP", token, key.Proof("GET", address, token + "x")).Expect(401);
        await MeAsync("DPoP", token, key.Proof("POST", address, token)).Expect(401);
        await MeAsync("DPoP", token, key.Proof("GET", address + "/x", token)).Expect(401);
        await MeAsync("DPoP", token, $"{key.Proof("GET", address, token)},{key.Proof("GET", address, token)}").Expect(401);
        var once = key.Proof("GET", address, token);
        await MeAsync("DPoP", token, once).Expect(200);
        await MeAsync("DPoP", token, once).Expect(401);

        // Introspection by the bound token as the caller's own.
        await client
            .FormAsync("/oauth/introspect", [("token", token)], headers: Headers("Bearer", token, null))
            .ExpectOAuth(401, "invalid_client");
        var introspect = client.Address + "/oauth/introspect";
        await client
            .FormAsync("/oauth/introspect", [("token", token)], headers: Headers("DPoP", token, key.Proof("POST", introspect, token)))
            .ExpectActive();

        Task<ApiResponse> MeAsync(string scheme, string presented, string? proof) =>
            client.GetAsync("/v1/me", headers: Headers(scheme, presented, proof));
    }

    [Theory, BothEngines]
    public async Task What_is_bound_to_nothing_is_refused_under_the_scheme(Engine engine)
    {
        using var key = ClientKey.Make();
        var admin = await servers.AdminAsync(engine);
        var client = await servers.AnonymousAsync(engine);
        var proof = key.Proof("GET", client.Address + "/v1/me", admin.Bearer!);
        var refused = await client.GetAsync("/v1/me", headers: Headers("DPoP", admin.Bearer!, proof)).Expect(401, "invalid_token");
        Assert.StartsWith(Algorithms, refused.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task Verify_asks_for_the_proof_and_takes_each_once(Engine engine)
    {
        using var key = ClientKey.Make();
        using var foreign = ClientKey.Make();
        var (client, admin, made) = await ArrangeAsync(engine);
        var token = await BoundAsync(client, made, key);
        var uri = made.Api.Identifier + "/v1/invoices";
        string Good() => key.Proof("GET", uri, token);
        Assert.Equal("proof_required", await VerifyAsync(null));
        Assert.Equal("valid", await VerifyAsync(Good()));
        Assert.Equal("proof_invalid", await VerifyAsync(foreign.Proof("GET", uri, token)));
        Assert.Equal("proof_invalid", await VerifyAsync(key.Proof("GET", uri)));
        Assert.Equal("proof_invalid", await VerifyAsync(key.Proof("PUT", uri, token)));
        Assert.Equal("proof_invalid", await VerifyAsync("junk"));
        var once = Good();
        var codes = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => VerifyAsync(once)));
        Assert.Single(codes, "valid");
        Assert.Equal(63, codes.Count(code => code == "proof_replayed"));
        Assert.Equal("proof_invalid", await VerifyAsync(Good(), made.ApiKeys[0].Secret));
        await admin
            .PostAsync(
                "/v1/verify",
                new
                {
                    token,
                    api = made.Api.Identifier,
                    proof = new { dpop = "x" },
                }
            )
            .Expect(400);

        async Task<string> VerifyAsync(string? dpop, string? other = null)
        {
            object? proof = dpop is null ? null : new { dpop, uri };
            var body = new
            {
                token = other ?? token,
                api = made.Api.Identifier,
                method = "GET",
                proof,
            };
            return (await admin.PostAsync("/v1/verify", body).Expect(200)).Text("code");
        }
    }

    /// <summary>An API resource set to <c>bound</c> refuses whatever anybody could use who saw it, and says so.</summary>
    [Theory, BothEngines]
    public async Task An_API_that_takes_bound_tokens_only_says_so(Engine engine)
    {
        using var key = ClientKey.Make();
        var (client, admin, made) = await ArrangeAsync(engine);
        var bearer = await client.AccessTokenAsync(made.Client());
        await admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { minimum_strength = "bound" }).Expect(200);
        await client.TokenAsync(made.Client()).ExpectOAuth(400, "invalid_target");
        Assert.Equal("strength_too_low", await admin.VerifyAsync(bearer, made.Api.Identifier));
        Assert.Equal("strength_too_low", await admin.VerifyAsync(made.ApiKeys[0].Secret, made.Api.Identifier));
        var door = $"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}";
        var refused = await client.With(bearer).GetAsync(door).Expect(401, "invalid_token");
        Assert.Contains("error_description=\"bound tokens only\"", refused.Header("WWW-Authenticate"), StringComparison.Ordinal);
        Assert.EndsWith(Algorithms, refused.Header("WWW-Authenticate"), StringComparison.Ordinal);
        Assert.Contains("takes no credential that a thief could use", refused.Text("detail"), StringComparison.Ordinal);
        var token = await BoundAsync(client, made, key);
        Assert.Equal("proof_required", await admin.VerifyAsync(token, made.Api.Identifier));
        await client.With(token).GetAsync(door).Expect(401);
    }

    [Theory, BothEngines]
    public async Task A_proxy_hands_the_proof_on(Engine engine)
    {
        using var key = ClientKey.Make();
        using var foreign = ClientKey.Make();
        await using var server = await ServerProcess.StartAsync(
            engine,
            new ServerOptions { Settings = new Dictionary<string, string?> { ["Tokenry:TrustedProxies"] = "127.0.0.1" } }
        );
        var admin = await server.AdminAsync();
        var client = server.Client();
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        var token = await BoundAsync(client, made, key);
        var door = $"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}";
        var uri = made.Api.Identifier + "/v1/invoices";
        await AskAsync(door, "DPoP", key.Proof("DELETE", uri, token)).Expect(200);
        var once = key.Proof("DELETE", uri, token);
        await AskAsync(door, "DPoP", once).Expect(200);
        var replayed = await AskAsync(door, "DPoP", once).Expect(401);
        Assert.StartsWith(Algorithms + ", error=\"invalid_dpop_proof\"", replayed.Header("WWW-Authenticate"), StringComparison.Ordinal);
        await AskAsync(door, "DPoP", foreign.Proof("DELETE", uri, token)).Expect(401);
        await AskAsync(door, "DPoP", key.Proof("GET", uri, token)).Expect(401);
        await AskAsync(door, "DPoP", null).Expect(401);
        await AskAsync(door, "Bearer", key.Proof("DELETE", uri, token)).Expect(401);
        // Which host it is for says the configuration, not the request.
        await AskAsync($"{door}&origin=https://other.example.com", "DPoP", key.Proof("DELETE", uri, token)).Expect(401);
        await AskAsync(
                $"{door}&origin=https://other.example.com",
                "DPoP",
                key.Proof("DELETE", "https://other.example.com/v1/invoices", token)
            )
            .Expect(200);
        await AskAsync($"{door}&origin=https://other.example.com/x", "DPoP", null).Expect(400);

        Task<ApiResponse> AskAsync(string path, string scheme, string? proof)
        {
            var headers = Headers(scheme, token, proof);
            headers["X-Forwarded-Method"] = "DELETE";
            headers["X-Forwarded-Uri"] = "/v1/invoices?id=1";
            return client.GetAsync(path, headers: headers);
        }
    }

    [Theory, BothEngines]
    public async Task Where_nonces_are_asked_for_each_door_hands_one_out(Engine engine)
    {
        using var key = ClientKey.Make();
        await using var server = await ServerProcess.StartAsync(
            engine,
            new ServerOptions { Settings = new Dictionary<string, string?> { ["Tokenry:Dpop:RequireNonce"] = "true" } }
        );
        var admin = await server.AdminAsync();
        var client = server.Client();
        var made = await Scenario.On(admin).ManagementRole("verify").Api().Role().Application().ClientSecret().CreateAsync();
        var endpoint = client.Address + "/oauth/token";
        var asked = await TokenAsync(client, made, key.Proof("POST", endpoint), Management).ExpectOAuth(400, "use_dpop_nonce");
        var nonce = asked.Header("DPoP-Nonce")!;
        var issued = await TokenAsync(client, made, key.Proof("POST", endpoint, change: With(nonce)), Management).Expect(200);
        var token = issued.Text("access_token");
        await TokenAsync(client, made, key.Proof("POST", endpoint, change: With("stale")), Management).ExpectOAuth(400, "use_dpop_nonce");
        var me = client.Address + "/v1/me";
        var refused = await client.GetAsync("/v1/me", headers: Headers("DPoP", token, key.Proof("GET", me, token))).Expect(401);
        Assert.Contains("error=\"use_dpop_nonce\"", refused.Header("WWW-Authenticate"), StringComparison.Ordinal);
        var next = refused.Header("DPoP-Nonce")!;
        await client.GetAsync("/v1/me", headers: Headers("DPoP", token, key.Proof("GET", me, token, With(next)))).Expect(200);

        static Action<JsonObject, JsonObject> With(string nonce) => (_, claims) => claims["nonce"] = nonce;
    }

    private static readonly (string, string) Management = ("resource", "urn:tokenry:management");

    private static Dictionary<string, string> Headers(string scheme, string presented, string? proof)
    {
        var headers = new Dictionary<string, string> { ["Authorization"] = $"{scheme} {presented}" };
        if (proof is not null)
            headers["DPoP"] = proof;
        return headers;
    }

    private static Action<JsonObject, JsonObject> Changed(string change, string issuer)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var text = change.Replace("$issuer", issuer, StringComparison.Ordinal);
        foreach (var difference in new[] { -3600, 3600, -10, 10 })
            text = text.Replace($"$now{difference:+0;-0}", $"{now + difference}", StringComparison.Ordinal);
        var changes = JsonNode.Parse(text)!.AsObject();
        return (header, claims) =>
        {
            foreach (var (name, value) in changes)
            {
                var part = name is "typ" or "alg" or "jwk" ? header : claims;
                if (value is null)
                    part.Remove(name);
                else
                    part[name] = value.DeepClone();
            }
        };
    }

    private static Task<ApiResponse> TokenAsync(ApiClient client, Created made, string proof, params (string Name, string Value)[] more) =>
        client.FormAsync(
            "/oauth/token",
            [("grant_type", "client_credentials"), .. more],
            made.Client(),
            new Dictionary<string, string> { ["DPoP"] = proof }
        );

    private static async Task<string> BoundAsync(
        ApiClient client,
        Created made,
        ClientKey key,
        params (string Name, string Value)[] more
    ) => (await TokenAsync(client, made, key.Proof("POST", client.Address + "/oauth/token"), more).Expect(200)).Text("access_token");

    private async Task<(ApiClient Client, ApiClient Admin, Created Made)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        return (await servers.AnonymousAsync(engine), admin, await Scenario.On(admin).ApiKey().ClientSecret().CreateAsync());
    }
}
