using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenry.Protocol.Jose;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>Access tokens of an API resource that asks for RS256. On servers of their own: the key that comes to be stays.</summary>
public sealed class Rs256TokenTests(SharedServers servers)
{
    private static readonly object Rs256 = new { access_token_signing_alg = "RS256" };

    [Theory, BothEngines]
    public async Task A_token_is_signed_with_RS256_and_good_at_every_door(Engine engine)
    {
        var (admin, made, token) = await ArrangeAsync(engine);
        var header = OAuthRequests.Header(token);
        var key = await KeyAsync(admin, "RS256");
        Assert.Equal(("RS256", "at+jwt", Text(key, "kid")), (Text(header, "alg"), Text(header, "typ"), Text(header, "kid")));
        Assert.Equal(["alg", "typ", "kid"], header.EnumerateObject().Select(member => member.Name));
        var parts = token.Split('.');
        Assert.Equal(256, Base64Url.DecodeFromChars(parts[2]).Length);
        using var rsa = PublicKey(key);
        Assert.Equal(2048, rsa.KeySize);
        Assert.True(
            rsa.VerifyData(
                Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"),
                Base64Url.DecodeFromChars(parts[2]),
                HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1
            )
        );
        await ExpectGoodAsync(admin, made, token);

        // What a proxy hands on to the API is signed as the API asked.
        var apiKey = (await admin.CreateApiKeyAsync(made.Application.Id)).Secret;
        var passed = await admin
            .With(apiKey)
            .GetAsync($"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}&as=jwt")
            .Expect(200);
        var handedOn = passed.Header("X-Tokenry-Jwt")!;
        Assert.Equal("RS256", Text(OAuthRequests.Header(handedOn), "alg"));
        await ExpectGoodAsync(admin, made, handedOn);
    }

    [Theory, BothEngines]
    public async Task Other_APIs_keep_ES256_and_a_change_holds_from_the_next_token_on(Engine engine)
    {
        var (admin, made, rs256) = await ArrangeAsync(engine);
        var path = $"/v1/api-resources/{made.Api.Id}";
        Assert.Equal("ES256", await AlgorithmAsync(admin, await Scenario.On(admin).ClientSecret().CreateAsync()));

        await admin.PatchAsync(path, new { access_token_signing_alg = "ES256" }).Expect(200);
        Assert.Equal("ES256", await AlgorithmAsync(admin, made));
        await ExpectGoodAsync(admin, made, rs256);

        await admin.PatchAsync(path, new { access_token_signing_alg = "RS256" }).Expect(200);
        Assert.Equal("RS256", await AlgorithmAsync(admin, made));
        await admin.PatchAsync(path, new { name = "Renamed" }).Expect(200);
        Assert.Equal("RS256", await AlgorithmAsync(admin, made));

        var cleared = await admin.PatchAsync(path, """{"access_token_signing_alg":null}""").Expect(200);
        Assert.Equal("ES256", cleared.Text("access_token_signing_alg"));
        Assert.Equal("ES256", await AlgorithmAsync(admin, made));
        await ExpectGoodAsync(admin, made, rs256);
    }

    /// <summary>RFC 8725 §2.1: the key's algorithm counts, whatever a header says.</summary>
    [Theory, BothEngines]
    public async Task A_token_with_another_algorithm_in_its_header_is_refused(Engine engine)
    {
        var (admin, made, token) = await ArrangeAsync(engine);
        var (rsaKey, ecKey) = (await KeyAsync(admin, "RS256"), await KeyAsync(admin, "ES256"));
        var signature = token.Split('.')[2];
        await ExpectRefusedAsync(Rewritten("ES256", Text(rsaKey, "kid")) + "." + signature, "unknown");
        await ExpectRefusedAsync(Rewritten("RS256", Text(ecKey, "kid")) + "." + signature, "unknown");
        await ExpectRefusedAsync(Rewritten("ES256", Text(ecKey, "kid")) + "." + signature, "unknown");
        await ExpectRefusedAsync(Rewritten("none", Text(rsaKey, "kid")) + ".", "malformed");
        await ExpectRefusedAsync(Rewritten("PS256", Text(rsaKey, "kid")) + "." + signature, "malformed");

        using var rsa = PublicKey(rsaKey);
        byte[][] secrets =
        [
            Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()),
            Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem() + "\n"),
            Encoding.ASCII.GetBytes(rsa.ExportRSAPublicKeyPem()),
            rsa.ExportSubjectPublicKeyInfo(),
            Base64Url.DecodeFromChars(Text(rsaKey, "n")),
            Encoding.ASCII.GetBytes(rsaKey.GetRawText()),
        ];
        foreach (var algorithm in new[] { "HS256", "RS256", "ES256" })
        {
            var input = Rewritten(algorithm, Text(rsaKey, "kid"));
            foreach (var secret in secrets)
            {
                var tag = StrictBase64Url.Encode(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(input)));
                await ExpectRefusedAsync($"{input}.{tag}", algorithm == "HS256" ? "malformed" : "unknown");
            }
        }

        await ExpectGoodAsync(admin, made, token); // which was good all the time

        string Rewritten(string algorithm, string keyId)
        {
            var header = new JsonObject
            {
                ["alg"] = algorithm,
                ["typ"] = "at+jwt",
                ["kid"] = keyId,
            };
            return $"{ServerSigningKey.Part(header.ToJsonString())}.{token.Split('.')[1]}";
        }

        async Task ExpectRefusedAsync(string forged, string code)
        {
            Assert.Equal(code, await admin.VerifyAsync(forged, made.Api.Identifier));
            await admin.IntrospectAsync(forged).ExpectInactive();
        }
    }

    [Theory, BothEngines]
    public async Task The_key_is_made_when_the_first_API_asks_and_survives_a_restart(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        var before = await server.Client().GetAsync("/.well-known/jwks.json").Expect(200);
        Assert.Equal(1, before.Json.GetProperty("keys").GetArrayLength());

        // Nobody who may not change APIs makes the server work for it, and nothing comes of a request that is wrong.
        var reader = server.Client(await server.AdminTokenAsync("api-resources:read"));
        var body = new
        {
            identifier = "https://rs256.example.com",
            name = "x",
            access_token_signing_alg = "RS256",
        };
        await reader.PostAsync("/v1/api-resources", body).Expect(403, "insufficient_scope");
        await reader.PatchAsync($"/v1/api-resources/{made.Api.Id}", Rs256).Expect(403, "insufficient_scope");
        await admin.PostAsync("/v1/api-resources", body with { identifier = "no-uri" }).Expect(400, "invalid_request");
        await admin.PatchAsync("/v1/api-resources/res_0000000000000000000000", Rs256).Expect(404, "not_found");
        Assert.Equal(before.Body, (await server.Client().GetAsync("/.well-known/jwks.json").Expect(200)).Body);

        await admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", Rs256).Expect(200);
        var tag = new Dictionary<string, string> { ["If-None-Match"] = before.Header("ETag")! };
        var after = await server.Client().GetAsync("/.well-known/jwks.json", headers: tag).Expect(200);
        Assert.Equal(["ES256", "RS256"], after.Json.GetProperty("keys").EnumerateArray().Select(key => Text(key, "alg")));
        var keyId = Text(await KeyAsync(admin, "RS256"), "kid");

        await admin.PostAsync("/v1/api-resources", body).Expect(201); // has its key already
        var events = (await admin.GetAsync("/v1/audit?action=signing_key.created").Expect(200)).Json.GetProperty("items");
        Assert.Equal(keyId, Text(Assert.Single(events.EnumerateArray()).GetProperty("target"), "id"));

        var token = await server.Client().AccessTokenAsync(made.Client());
        await server.RestartAsync();
        Assert.Equal(after.Body, (await server.Client().GetAsync("/.well-known/jwks.json").Expect(200)).Body);
        await ExpectGoodAsync(admin, made, token);
        Assert.Equal(keyId, Text(OAuthRequests.Header(await server.Client().AccessTokenAsync(made.Client())), "kid"));
    }

    /// <summary>Its first request ever is about a token whose key it has not seen; that it answers 200 proves nothing, RFC 7009 §2.2 wants that.</summary>
    [Fact]
    public async Task A_replica_that_needed_no_key_yet_revokes_a_token_of_a_new_one()
    {
        await using var first = await ServerProcess.StartAsync(Engine.Postgres, OneIssuer());
        await using var second = await first.StartReplicaAsync();
        var admin = await first.AdminAsync();
        var made = await Scenario.On(admin).Api(_ => Rs256, "a").ClientSecret().CreateAsync();
        var token = await first.Client().AccessTokenAsync(made.Client());
        await second.Client().RevokeAsync(token, made.Client()).Expect(200);
        Assert.Equal("revoked", await admin.At(second.Address).VerifyAsync(token, made.Api.Identifier));
    }

    [Fact]
    public async Task Replicas_agree_on_one_key_and_take_each_others_tokens_at_once()
    {
        await using var first = await ServerProcess.StartAsync(Engine.Postgres, OneIssuer());
        await using var second = await first.StartReplicaAsync();
        var admin = await first.AdminAsync();
        ApiClient[] replicas = [admin, admin.At(second.Address)];
        var made = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(n => Scenario.On(replicas[n % 2]).Api(_ => Rs256, "a").ClientSecret().CreateAsync())
        );
        foreach (var (one, n) in made.Select((one, n) => (one, n)))
        {
            var (issuing, checking) = (replicas[n % 2], replicas[(n + 1) % 2]);
            var token = await issuing.With(null).AccessTokenAsync(one.Client());
            Assert.Equal("RS256", Text(OAuthRequests.Header(token), "alg"));
            Assert.Equal("valid", await checking.VerifyAsync(token, one.Api.Identifier));
            await checking.IntrospectAsync(token).ExpectActive();
            Assert.Equal("RS256", await AlgorithmAsync(checking, one));
        }

        var sets = await Task.WhenAll(replicas.Select(replica => replica.GetAsync("/.well-known/jwks.json").Expect(200)));
        Assert.Equal(sets[0].Body, sets[1].Body);
        Assert.Equal(["ES256", "RS256"], sets[0].Json.GetProperty("keys").EnumerateArray().Select(key => Text(key, "alg")));
    }

    /// <summary>Two servers are one issuer; each would otherwise take its own address.</summary>
    private static ServerOptions OneIssuer() =>
        new() { Settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tokenry:Issuer"] = "https://tokens.example.com" } };

    private async Task<(ApiClient Admin, Created Made, string Token)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api(_ => Rs256, "invoices:read").ClientSecret().CreateAsync();
        return (admin, made, await admin.With(null).AccessTokenAsync(made.Client()));
    }

    private static async Task ExpectGoodAsync(ApiClient admin, Created made, string token)
    {
        Assert.Equal("valid", await admin.VerifyAsync(token, made.Api.Identifier));
        await admin.IntrospectAsync(token).ExpectActive();
        await admin.With(token).GetAsync($"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}").Expect(200);
    }

    private static async Task<string> AlgorithmAsync(ApiClient client, Created made) =>
        Text(OAuthRequests.Header(await client.With(null).AccessTokenAsync(made.Client())), "alg");

    private static async Task<JsonElement> KeyAsync(ApiClient client, string algorithm) =>
        (await client.GetAsync("/.well-known/jwks.json").Expect(200))
            .Json.GetProperty("keys")
            .EnumerateArray()
            .Single(key => Text(key, "alg") == algorithm);

    private static RSA PublicKey(JsonElement jwk) =>
        RSA.Create(
            new RSAParameters { Modulus = Base64Url.DecodeFromChars(Text(jwk, "n")), Exponent = Base64Url.DecodeFromChars(Text(jwk, "e")) }
        );

    private static string Text(JsonElement from, string member) => from.GetProperty(member).GetString()!;
}
