using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Features.SigningKeys;

public sealed class JwkSetEndpointTests(SharedServers servers)
{
    private static readonly HashSet<string> PublicMembers = ["kty", "kid", "use", "alg", "crv", "x", "y", "n", "e"];

    [Theory, BothEngines]
    public async Task Only_public_members_are_published(Engine engine)
    {
        var set = await (await servers.AnonymousAsync(engine)).GetAsync("/.well-known/jwks.json").Expect(200);
        Assert.Equal("application/jwk-set+json", set.Header("Content-Type"));
        Assert.Equal(["keys"], OAuthRequests.Members(set));
        var keys = set.Json.GetProperty("keys").EnumerateArray().ToArray();
        Assert.NotEmpty(keys);
        Assert.All(keys, key => Assert.All(key.EnumerateObject(), member => Assert.Contains(member.Name, PublicMembers)));
        Assert.All(
            keys,
            key =>
                Assert.Contains(
                    (Text(key, "kty"), Text(key, "use"), Text(key, "alg")),
                    new[] { ("EC", "sig", "ES256"), ("RSA", "sig", "RS256") }
                )
        );
        Assert.Equal("P-256", Text(Assert.Single(keys, key => Text(key, "kty") == "EC"), "crv"));
        Assert.Equal(keys.Length, keys.Select(key => Text(key, "kid")).Distinct().Count());
    }

    /// <summary>RFC 7638 §3, computed here by hand and not by the code that names the keys.</summary>
    [Theory, BothEngines]
    public async Task The_kid_is_the_thumbprint_and_what_a_token_names(Engine engine)
    {
        var client = await servers.AnonymousAsync(engine);
        var set = await client.GetAsync("/.well-known/jwks.json").Expect(200);
        foreach (var key in set.Json.GetProperty("keys").EnumerateArray())
        {
            var members =
                Text(key, "kty") == "EC"
                    ? $$"""{"crv":"P-256","kty":"EC","x":"{{Text(key, "x")}}","y":"{{Text(key, "y")}}"}"""
                    : $$"""{"e":"{{Text(key, "e")}}","kty":"RSA","n":"{{Text(key, "n")}}"}""";
            Assert.Equal(StrictBase64Url.Encode(SHA256.HashData(Encoding.UTF8.GetBytes(members))), Text(key, "kid"));
        }

        var made = await Scenario.On(await servers.AdminAsync(engine)).ClientSecret().CreateAsync();
        var kid = OAuthRequests.Header(await client.AccessTokenAsync(made.Client())).GetProperty("kid").GetString();
        Assert.Contains(set.Json.GetProperty("keys").EnumerateArray(), key => Text(key, "kid") == kid);
    }

    /// <summary>Tokens outlive a restart: the key is in the store, not in the process.</summary>
    [Theory, BothEngines]
    public async Task The_keys_and_their_tokens_survive_a_restart(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        var token = await server.Client().AccessTokenAsync(made.Client());
        var before = await server.Client().GetAsync("/.well-known/jwks.json").Expect(200);
        await server.RestartAsync();
        var after = await server.Client().GetAsync("/.well-known/jwks.json").Expect(200);
        Assert.Equal((before.Body, before.Header("ETag")), (after.Body, after.Header("ETag")));
        Assert.Equal("valid", await admin.VerifyAsync(token, made.Api.Identifier));
    }

    [Fact]
    public async Task Replicas_publish_the_same_keys_and_take_each_others_tokens()
    {
        await using var first = await ServerProcess.StartAsync(Engine.Postgres, Issuer());
        await using var second = await first.StartReplicaAsync();
        var sets = new[] { first, second }.Select(server => server.Client().GetAsync("/.well-known/jwks.json").Expect(200));
        Assert.Single((await Task.WhenAll(sets)).Select(set => set.Body).Distinct());
        var admin = await first.AdminAsync();
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        var token = await first.Client().AccessTokenAsync(made.Client());
        Assert.Equal("valid", await admin.At(second.Address).VerifyAsync(token, made.Api.Identifier));

        // Two servers are one issuer; each would otherwise take its own address.
        static ServerOptions Issuer() =>
            new()
            {
                Settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tokenry:Issuer"] = "https://tokens.example.com" },
            };
    }

    private static string Text(JsonElement key, string member) => key.GetProperty(member).GetString()!;
}
