using System.Text.Json;
using Tokenry.Server.Tests.Features.OAuth;
using static Tokenry.Server.Tests.Features.Verification.SignedQuestions;

namespace Tokenry.Server.Tests.Features.Verification;

/// <summary>Signed requests (RFC 9421) as a resource server asks about them (security §3.11).</summary>
public sealed class SignedRequestTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_signature_presents_its_credential_once(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(servers, engine);
        var headers = Signer(made).Sign("GET", Url(made));
        var answer = await AskAsync(admin, made, headers).Expect(200);
        Assert.Equal(
            ("valid", "api_key", made.ApiKey.Id, made.Application.Id),
            (answer.Text("code"), answer.Text("kind"), answer.Text("credential_id"), answer.Text("subject"))
        );
        Assert.Equal("proof_replayed", await CodeAsync(admin, made, headers));
        var once = Signer(made).Sign("GET", Url(made));
        var codes = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => CodeAsync(admin, made, once)));
        Assert.Single(codes, "valid");
        Assert.Equal(63, codes.Count(code => code == "proof_replayed"));
        // The same nonce is another's with another key.
        var other = await admin.CreateApiKeyAsync(made.Application.Id, new { request_signing = "optional" });
        var nonce = headers["Signature-Input"].Split("nonce=")[1].Split(';')[0];
        Assert.Equal(
            "valid",
            await CodeAsync(admin, made, RequestSigner.Of(other).Sign("GET", Url(made), change: parts => parts.Parameters["nonce"] = nonce))
        );
    }

    [Theory, BothEngines]
    public async Task Beside_a_secret_it_must_be_of_the_same_credential(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(servers, engine);
        var other = await admin.CreateApiKeyAsync(made.Application.Id, new { request_signing = "optional" });
        Dictionary<string, string> Signed() => Signer(made).Sign("GET", Url(made));
        Assert.Equal("valid", await CodeAsync(admin, made, Signed(), made.ApiKey.Secret));
        Assert.Equal("proof_invalid", await CodeAsync(admin, made, Signed(), other.Secret));
        Assert.Equal("proof_invalid", await CodeAsync(admin, made, Spoilt(Signed()), made.ApiKey.Secret));
        Assert.Equal("malformed", await CodeAsync(admin, made, Signed(), "junk"));
        var once = Signed();
        Assert.Equal("valid", await CodeAsync(admin, made, once, made.ApiKey.Secret));
        Assert.Equal("proof_replayed", await CodeAsync(admin, made, once, made.ApiKey.Secret));
        // Somebody else's signature is none of our business.
        var foreign = Signer(made).Sign("GET", Url(made), change: parts => parts.Parameters["tag"] = "\"other\"");
        Assert.Equal("valid", await CodeAsync(admin, made, foreign, made.ApiKey.Secret));
        Assert.Equal("malformed", await CodeAsync(admin, made, foreign));
    }

    [Theory, BothEngines]
    public async Task The_credentials_state_is_told_to_whoever_signs_well(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(servers, engine);
        var signer = Signer(made);
        await admin.PostAsync($"/v1/api-keys/{made.ApiKey.Id}/disable").Expect(200);
        Assert.Equal("disabled", await CodeAsync(admin, made, signer.Sign("GET", Url(made))));
        Assert.Equal("proof_invalid", await CodeAsync(admin, made, Spoilt(signer.Sign("GET", Url(made)))));
        await admin.PostAsync($"/v1/api-keys/{made.ApiKey.Id}/enable").Expect(200);
        Assert.Equal("valid", await CodeAsync(admin, made, signer.Sign("GET", Url(made))));
        await admin.DeleteAsync($"/v1/api-keys/{made.ApiKey.Id}").Expect(204);
        Assert.Equal("revoked", await CodeAsync(admin, made, signer.Sign("GET", Url(made))));
        Assert.Equal("proof_invalid", await CodeAsync(admin, made, Spoilt(signer.Sign("GET", Url(made)))));
    }

    [Theory, BothEngines]
    public async Task A_keyid_of_nothing_that_signs_is_unknown(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(servers, engine);
        var bare = await admin.CreateApiKeyAsync(made.Application.Id);
        var secret = await admin.CreateClientSecretAsync(made.Application.Id);
        string[] ids = [bare.Id, secret.Id, "key_0000000000000000000007", "jwk_0000000000000000000007", "junk", made.Application.Id];
        foreach (var id in ids)
        {
            var headers = Signer(made).Sign("GET", Url(made), change: parts => parts.Parameters["keyid"] = $"\"{id}\"");
            Assert.Equal("unknown", await CodeAsync(admin, made, headers));
        }
    }

    [Theory, BothEngines]
    public async Task A_registered_public_key_signs_where_the_API_takes_it(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(servers, engine);
        using var key = ClientKey.Make();
        using var other = ClientKey.Make("ES384");
        var id = (await admin.CreatePublicKeyAsync(made.Application.Id, key)).Text("id");
        var signer = RequestSigner.Of(id, key);
        Assert.Equal("credential_kind_not_accepted", await CodeAsync(admin, made, signer.Sign("GET", Url(made))));
        string[] accepted = ["api_key", "access_token", "public_key"];
        await admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { accepted_credentials = accepted }).Expect(200);
        var answer = await AskAsync(admin, made, signer.Sign("GET", Url(made))).Expect(200);
        Assert.Equal(("valid", "public_key", id), (answer.Text("code"), answer.Text("kind"), answer.Text("credential_id")));
        Assert.Equal(made.Api.Scopes, answer.Json.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()!));
        Assert.Equal("proof_invalid", await CodeAsync(admin, made, Spoilt(signer.Sign("GET", Url(made)))));
        var wrong = signer.Sign("GET", Url(made), change: parts => parts.Parameters["keyid"] = $"\"{made.ApiKey.Id}\"");
        Assert.Equal("proof_invalid", await CodeAsync(admin, made, wrong));
        var p384 = (await admin.CreatePublicKeyAsync(made.Application.Id, other)).Text("id");
        Assert.Equal("unknown", await CodeAsync(admin, made, RequestSigner.Of(p384, other).Sign("GET", Url(made))));
        // An API that is not asked about has not said that it takes one.
        Assert.Equal("credential_kind_not_accepted", await CodeAsync(admin, made, signer.Sign("GET", Url(made)), api: false));
    }

    [Theory, BothEngines]
    public async Task A_key_that_must_sign_is_worth_nothing_bare(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(servers, engine, "required");
        Assert.Equal("proof_required", await admin.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier));
        Assert.Equal("proof_required", await admin.VerifyAsync(made.ApiKey.Secret));
        await admin.IntrospectAsync(made.ApiKey.Secret).ExpectInactive();
        Assert.Equal("valid", await CodeAsync(admin, made, Signer(made).Sign("GET", Url(made))));
        Assert.Equal("valid", await CodeAsync(admin, made, Signer(made).Sign("GET", Url(made)), made.ApiKey.Secret));
        await admin.PatchAsync($"/v1/api-keys/{made.ApiKey.Id}", new { request_signing = "optional" }).Expect(200);
        Assert.Equal("valid", await admin.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier));
    }

    [Theory, BothEngines]
    public async Task An_API_may_take_signed_requests_only(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(servers, engine);
        using var key = ClientKey.Make();
        var id = (await admin.CreatePublicKeyAsync(made.Application.Id, key)).Text("id");
        var bare = await admin.CreateApiKeyAsync(made.Application.Id);
        var client = await servers.AnonymousAsync(engine);
        var issued = await client
            .FormAsync(
                "/oauth/token",
                [
                    ("grant_type", "client_credentials"),
                    ("resource", made.Api.Identifier),
                    ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                    ("client_assertion", key.Assertion(made.Application.Id, client.Address)),
                ]
            )
            .Expect(200);
        var token = issued.Text("access_token");
        await admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { minimum_strength = "signed" }).Expect(200);
        Assert.Equal("strength_too_low", await admin.VerifyAsync(bare.Secret, made.Api.Identifier));
        Assert.Equal("proof_required", await admin.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier));
        Assert.Equal("proof_invalid", await CodeAsync(admin, made, Spoilt(Signer(made).Sign("GET", Url(made))), made.ApiKey.Secret));
        Assert.Equal("valid", await CodeAsync(admin, made, Signer(made).Sign("GET", Url(made)), made.ApiKey.Secret));
        Assert.Equal("valid", await CodeAsync(admin, made, Signer(made).Sign("GET", Url(made))));

        // An access token is signed by what bought it, and by nothing else.
        Assert.Equal("proof_required", await admin.VerifyAsync(token, made.Api.Identifier));
        Assert.Equal("valid", await CodeAsync(admin, made, RequestSigner.Of(id, key).Sign("GET", Url(made)), token));
        Assert.Equal("proof_invalid", await CodeAsync(admin, made, Signer(made).Sign("GET", Url(made)), token));
        await admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { minimum_strength = "bound" }).Expect(200);
        Assert.Equal("strength_too_low", await CodeAsync(admin, made, Signer(made).Sign("GET", Url(made))));
    }

    [Theory, BothEngines]
    public async Task What_may_have_a_body_must_be_signed_with_its_digest(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(servers, engine);
        Assert.Equal("proof_invalid", await CodeAsync(admin, made, Signer(made).Sign("POST", Url(made)), method: "POST"));
        Assert.Equal("valid", await CodeAsync(admin, made, Signer(made).Sign("POST", Url(made), "{}"), method: "POST"));
        Assert.Equal("valid", await CodeAsync(admin, made, Signer(made).Sign("DELETE", Url(made)), method: "DELETE"));
        foreach (
            var (name, value, code) in new[]
            {
                ("Content-Length", "2", "proof_invalid"),
                ("Transfer-Encoding", "chunked", "proof_invalid"),
                ("Content-Length", "0", "valid"),
            }
        )
        {
            var headers = Signer(made).Sign("DELETE", Url(made));
            headers[name] = value;
            Assert.Equal(code, await CodeAsync(admin, made, headers, method: "DELETE"));
        }

        var withoutField = Signer(made).Sign("POST", Url(made), "{}");
        withoutField.Remove("Content-Digest");
        Assert.Equal("proof_invalid", await CodeAsync(admin, made, withoutField, method: "POST"));
    }

    [Theory, BothEngines]
    public async Task Its_limits_hold_as_ever(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .ApiKey(_ => new
            {
                request_signing = "required",
                allowed_ips = new[] { "192.0.2.0/24" },
                rate_limits = new[]
                {
                    new
                    {
                        name = "once",
                        limit = 1,
                        period = "month",
                    },
                },
            })
            .CreateAsync();
        Assert.Equal("ip_not_allowed", await CodeAsync(admin, made, Signer(made).Sign("GET", Url(made))));
        Assert.Equal("valid", await CodeAsync(admin, made, Signer(made).Sign("GET", Url(made)), ip: "192.0.2.7"));
        Assert.Equal("quota_exceeded", await CodeAsync(admin, made, Signer(made).Sign("GET", Url(made)), ip: "192.0.2.7"));
        for (var tries = 0; ; tries++)
        {
            var used = (await admin.GetAsync($"/v1/api-keys/{made.ApiKey.Id}").Expect(200)).Json.GetProperty("last_used");
            if (used.ValueKind == JsonValueKind.Object)
            {
                Assert.Equal("192.0.2.7", used.GetProperty("ip").GetString());
                break;
            }

            Assert.True(tries < 200, "no last use");
            await Task.Delay(50);
        }
    }

    [Fact]
    public async Task Headers_come_as_servers_have_them()
    {
        var (admin, made) = await ArrangeAsync(servers, Engine.Sqlite);
        var headers = Signer(made)
            .Sign(
                "GET",
                Url(made),
                change: parts =>
                {
                    Cover(parts, "x-a", "1");
                    Cover(parts, "x-c", "a, b, c");
                }
            );
        var asLists = new Dictionary<string, object>
        {
            ["SIGNATURE-INPUT"] = new[] { headers["Signature-Input"] },
            ["signature"] = headers["Signature"],
            ["X-A"] = "1",
            ["x-c"] = new[] { "a", "b, c" },
        };
        Assert.Equal("valid", (await PostAsync(asLists)).Expect(200).Text("code"));
        (await PostAsync(new { a = 1 })).Expect(400);
        (await PostAsync(new { a = (string?)null })).Expect(400);
        (await PostAsync(new { a = new[] { 1 } })).Expect(400);
        (await PostAsync("text")).Expect(400);
        Assert.Contains(
            "appears more than once",
            (await PostAsync(new Dictionary<string, string> { ["a"] = "1", ["A"] = "2" })).Expect(400).Body,
            StringComparison.Ordinal
        );
        var missing = (await admin.PostAsync("/v1/verify", new { api = made.Api.Identifier })).Expect(400, "invalid_request");
        Assert.Contains("\"token\":[\"is required\"]", missing.Body, StringComparison.Ordinal);
        var without = (await admin.PostAsync("/v1/verify", new { proof = new { headers } })).Expect(400, "invalid_request");
        Assert.Contains("proof.uri", without.Body, StringComparison.Ordinal);
        Assert.Contains("\"method\"", without.Body, StringComparison.Ordinal);

        Task<ApiResponse> PostAsync(object given) =>
            admin.PostAsync(
                "/v1/verify",
                new
                {
                    api = made.Api.Identifier,
                    method = "GET",
                    proof = new { uri = Url(made), headers = given },
                }
            );
    }
}
