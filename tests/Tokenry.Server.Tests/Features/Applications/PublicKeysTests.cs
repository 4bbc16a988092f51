using System.Text.Json.Nodes;

namespace Tokenry.Server.Tests.Features.Applications;

/// <summary><c>/v1/applications/{id}/public-keys</c>: what is taken, what is shown, and its life.</summary>
public sealed class PublicKeysTests(SharedServers servers)
{
    [Theory]
    [BothEngines("ES256")]
    [BothEngines("ES384")]
    [BothEngines("RS256")]
    [BothEngines("PS256")]
    public async Task A_key_is_shown_as_it_verifies(Engine engine, string algorithm)
    {
        using var key = ClientKey.Make(algorithm);
        var (admin, path) = await ArrangeAsync(engine);
        var jwk = key.Jwk;
        jwk["kid"] = "signer-1";
        jwk["use"] = "sig";
        jwk["x5c"] = new JsonArray("not looked at");
        var created = await admin
            .PostAsync(
                path,
                new
                {
                    name = "signer",
                    jwk,
                    alg = algorithm,
                }
            )
            .Expect(201);
        var id = created.Text("id");
        Assert.StartsWith("jwk_", id, StringComparison.Ordinal);
        Assert.Equal($"{path}/{id}", created.Header("Location"));
        Assert.Equal("public_key", created.Text("kind"));
        Assert.Equal(key.Thumbprint, created.Text("masked"));
        Assert.Equal("active", created.Text("state"));
        Assert.False(created.Json.TryGetProperty("token", out _));
        var shown = (await admin.GetAsync($"{path}/{id}").Expect(200)).Json.GetProperty("public_key");
        Assert.Equal("signer-1", shown.GetProperty("kid").GetString());
        Assert.Equal(algorithm, shown.GetProperty("alg").GetString());
        var expected = key.Jwk.Select(member => member.Key).Concat(["kid", "use", "alg"]).Order();
        Assert.Equal(expected, shown.GetProperty("jwk").EnumerateObject().Select(member => member.Name).Order());
    }

    [Theory, BothEngines]
    public async Task Pem_and_jwk_are_the_same_key_and_its_name_is_its_thumbprint(Engine engine)
    {
        using var key = ClientKey.Make();
        var (admin, path) = await ArrangeAsync(engine);
        var created = await admin.PostAsync(path, new { name = "signer", pem = key.Pem }).Expect(201);
        Assert.Equal(key.Thumbprint, created.Json.GetProperty("public_key").GetProperty("kid").GetString());
        await admin.PostAsync(path, new { name = "again", jwk = key.Jwk }).Expect(409, "already_exists");
        // Once the first is revoked its name is free.
        await admin.DeleteAsync($"{path}/{created.Text("id")}").Expect(204);
        await admin.PostAsync(path, new { name = "again", jwk = key.Jwk }).Expect(201);
    }

    [Theory, BothEngines]
    public async Task Of_two_at_once_that_share_a_name_one_is_registered(Engine engine)
    {
        using var key = ClientKey.Make();
        var (admin, path) = await ArrangeAsync(engine);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => admin.PostAsync(path, new { name = "signer", jwk = key.Jwk })));
        Assert.Single(answers, answer => answer.Status == 201);
        Assert.Equal(7, answers.Count(answer => answer.Status == 409));
    }

    /// <summary>A private key must not be stored, and its owner must learn that it is out.</summary>
    [Theory, BothEngines]
    public async Task A_private_key_is_refused_and_nothing_of_it_repeated(Engine engine)
    {
        using var key = ClientKey.Make();
        var (admin, path) = await ArrangeAsync(engine);
        var jwk = key.Jwk;
        var secret = "c2VjcmV0LXNjYWxhci1vZi1hLXByaXZhdGUta2V5ISE";
        jwk["d"] = secret;
        foreach (var body in new object[] { new { name = "signer", jwk }, new { name = "signer", pem = key.PrivatePem } })
        {
            var refused = await admin.PostAsync(path, body).Expect(400);
            Assert.Contains("private", refused.Body, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, refused.Body, StringComparison.Ordinal);
            Assert.DoesNotContain(key.PrivatePem.Split('\n')[1], refused.Body, StringComparison.Ordinal);
        }
        Assert.Empty((await admin.GetAsync(path).Expect(200)).Json.GetProperty("items").EnumerateArray());
    }

    [Theory]
    [InlineData("""{"jwk":{"kty":"oct","k":"c2VjcmV0"}}""")]
    [InlineData("""{"jwk":{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}}""")]
    [InlineData("""{"jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}""")]
    [InlineData("""{"jwk":{}}""")]
    [InlineData("""{"jwk":[]}""")]
    [InlineData("""{"jwk":"text"}""")]
    [InlineData(
        """{"jwk":{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}"""
    )]
    [InlineData("""{"pem":"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"}""")]
    [InlineData("""{"pem":"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}""")]
    [InlineData( // FoundByFuzzing: on a curve whose name the platform does not know
        """{"pem":"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIZj0DAQcDQgAEzBq52QUqZ1kIcieGYlb+BmF7G+1vg\nthQjdMedmJrQ310KsbinJaAJ7n6HbNyJAbMRV48+0Ukm6TCoRP8ZQFehyg==\n-----END PUBLIC KEY-----"}"""
    )]
    [InlineData("""{"pem":""}""")]
    [InlineData("""{}""")]
    [InlineData("""{"alg":"HS256","pem":"x"}""")]
    public async Task What_is_no_key_for_signatures_is_400(string members)
    {
        var (admin, path) = await ArrangeAsync(Engine.Sqlite);
        var body = JsonNode.Parse(members)!.AsObject();
        body["name"] = "signer";
        await admin.PostAsync(path, body).Expect(400, "invalid_request");
    }

    [Theory]
    [InlineData("use", "enc")]
    [InlineData("alg", "ES384")]
    [InlineData("alg", "RS256")]
    [InlineData("key_ops", "[\"encrypt\"]")]
    public async Task A_key_that_contradicts_itself_is_400(string member, string value)
    {
        using var key = ClientKey.Make();
        var (admin, path) = await ArrangeAsync(Engine.Sqlite);
        var jwk = key.Jwk;
        jwk[member] = value.StartsWith('[') ? JsonNode.Parse(value) : value;
        await admin.PostAsync(path, new { name = "signer", jwk }).Expect(400);
    }

    [Theory, BothEngines]
    public async Task It_has_no_rights_of_its_own_and_is_no_credential_at_an_API(Engine engine)
    {
        using var key = ClientKey.Make();
        var (admin, path) = await ArrangeAsync(engine);
        foreach (var member in new[] { "permissions", "objects", "rate_limits", "anonymous" })
        {
            var body = new JsonObject
            {
                ["name"] = "signer",
                ["pem"] = key.Pem,
                [member] = new JsonArray(),
            };
            await admin.PostAsync(path, body).Expect(400);
        }
        var created = await admin.PostAsync(path, new { name = "signer", pem = key.Pem }).Expect(201);
        await admin.PatchAsync($"{path}/{created.Text("id")}", new { permissions = Array.Empty<object>() }).Expect(400);
        await admin.PatchAsync($"{path}/{created.Text("id")}", new { name = "renamed" }).Expect(200);
        await admin.PostAsync($"{path}/{created.Text("id")}/rotate", new { overlap_seconds = 60 }).Expect(404);
        var listed = await admin.GetAsync($"/v1/credentials?kind=public_key&owner={path.Split('/')[3]}").Expect(200);
        Assert.Equal("renamed", Assert.Single(listed.Json.GetProperty("items").EnumerateArray()).GetProperty("name").GetString());
    }

    private async Task<(ApiClient Admin, string Path)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Application().CreateAsync();
        return (admin, $"/v1/applications/{made.Application.Id}/public-keys");
    }
}
