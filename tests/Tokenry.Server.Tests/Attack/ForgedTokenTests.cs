using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Attack;

/// <summary>What an attacker can make without the server's key (security §2 rows 1–6), at every door.</summary>
public sealed class ForgedTokenTests(SharedServers servers)
{
    [Fact]
    public async Task A_foreign_key_signs_nothing_under_any_name()
    {
        var (doors, token) = await ArrangeAsync();
        using var foreign = ServerSigningKey.Foreign(OAuthRequests.Header(token).GetProperty("kid").GetString()!);
        var claims = Claims(token);
        await doors.ExpectRefusedAsync(foreign.Sign(foreign.Header(), claims), "unknown");
        string[] names = ["", "other", "../../dev/null", "' OR 1=1 --", "a\0b", new('k', 201), new('k', 3_000), "é"];
        foreach (var name in names)
        {
            var header = foreign.Header();
            header["kid"] = name;
            await doors.ExpectRefusedAsync(foreign.Sign(header, claims), "unknown");
        }

        var nameless = foreign.Header();
        nameless.Remove("kid");
        await doors.ExpectRefusedAsync(foreign.Sign(nameless, claims), "unknown");
        foreach (var json in new[] { "1", "null", "[]", "{}" })
        {
            nameless["kid"] = JsonNode.Parse(json);
            await doors.ExpectRefusedAsync(foreign.Sign(nameless, claims), "malformed");
        }
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("NONE")]
    [InlineData("nOnE")]
    [InlineData("")]
    [InlineData("es256")]
    [InlineData("ES256K")]
    [InlineData("EdDSA")]
    [InlineData("dir")]
    public async Task An_algorithm_that_is_not_ours_is_refused_before_any_key(string algorithm)
    {
        var (doors, token) = await ArrangeAsync();
        var header = Header(token);
        header["alg"] = algorithm;
        var unsigned = $"{ServerSigningKey.Part(header.ToJsonString())}.{token.Split('.')[1]}.";
        await doors.ExpectRefusedAsync(unsigned, "malformed");
        await doors.ExpectRefusedAsync(unsigned + token.Split('.')[2], "malformed");
    }

    /// <summary>alg is a property of the key: our public key in whatever bytes is no HMAC secret.</summary>
    [Theory]
    [InlineData("HS256")]
    [InlineData("HS384")]
    [InlineData("HS512")]
    public async Task Our_public_key_is_no_HMAC_secret(string algorithm)
    {
        var (doors, token) = await ArrangeAsync();
        var jwks = (await doors.Anonymous.GetAsync("/.well-known/jwks.json").Expect(200)).Body;
        using var document = JsonDocument.Parse(jwks);
        var jwk = document.RootElement.GetProperty("keys")[0];
        using var key = ECDsa.Create(
            new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = Bytes(jwk, "x"), Y = Bytes(jwk, "y") },
            }
        );
        var pem = key.ExportSubjectPublicKeyInfoPem();
        byte[][] secrets =
        [
            Encoding.UTF8.GetBytes(pem),
            Encoding.UTF8.GetBytes(pem + "\n"),
            Encoding.UTF8.GetBytes(" " + pem),
            key.ExportSubjectPublicKeyInfo(),
            Encoding.UTF8.GetBytes(jwk.GetRawText()),
            Encoding.UTF8.GetBytes(jwks),
            [.. Bytes(jwk, "x"), .. Bytes(jwk, "y")],
            [],
        ];
        var header = Header(token);
        header["alg"] = algorithm;
        var input = $"{ServerSigningKey.Part(header.ToJsonString())}.{token.Split('.')[1]}";
        foreach (var secret in secrets)
        {
            var bytes = Encoding.ASCII.GetBytes(input);
            var tag = algorithm switch
            {
                "HS256" => HMACSHA256.HashData(secret, bytes),
                "HS384" => HMACSHA384.HashData(secret, bytes),
                _ => HMACSHA512.HashData(secret, bytes),
            };
            await doors.ExpectRefusedAsync($"{input}.{StrictBase64Url.Encode(tag)}", "malformed");
        }
    }

    [Fact]
    public async Task A_key_that_comes_with_the_token_is_neither_used_nor_fetched()
    {
        var (doors, token) = await ArrangeAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = $"http://{listener.LocalEndpoint}/keys.json";
        using var foreign = ServerSigningKey.Foreign("mine");
        var claims = Claims(token);
        (string Name, string Json)[] headers =
        [
            ("jwk", """{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"""),
            ("jku", $"\"{url}\""),
            ("x5u", $"\"{url}\""),
            ("x5c", """["AA"]"""),
            ("crit", """["exp"]"""),
            ("crit", "[]"),
            ("b64", "false"),
            ("zip", "\"DEF\""),
            ("jku", "null"),
        ];
        foreach (var (name, json) in headers)
        {
            var header = foreign.Header();
            header[name] = JsonNode.Parse(json);
            await doors.ExpectRefusedAsync(foreign.Sign(header, claims), "malformed");
        }
        Assert.False(listener.Pending(), "the server fetched a URL that a token named");
    }

    [Fact]
    public async Task Refused_header_members_are_refused_under_the_servers_own_signature_too()
    {
        var doors = await Doors.ArrangeAsync(await servers.AdminAsync(Engine.Postgres));
        using var key = await ServerSigningKey.TakeAsync(await servers.GetAsync(Engine.Postgres));
        var claims = Claims(await doors.NewTokenAsync());
        foreach (var name in new[] { "jwk", "jku", "x5u", "x5c", "crit", "b64", "zip" })
        {
            var header = key.Header();
            header[name] = JsonNode.Parse("[\"exp\"]");
            await doors.ExpectRefusedAsync(key.Sign(header, claims), "malformed");
        }

        var harmless = key.Header();
        harmless["x5t#S256"] = "A";
        harmless["cty"] = "x";
        await doors.ExpectGoodAsync(key.Sign(harmless, claims));
    }

    [Fact]
    public async Task Altered_claims_and_signatures_do_not_verify()
    {
        var (doors, token) = await ArrangeAsync();
        var parts = token.Split('.');
        foreach (var (claim, value) in new[] { ("scope", "users:write"), ("sub", "usr_admin"), ("jti", "another") })
        {
            var claims = Claims(token);
            claims[claim] = value;
            await doors.ExpectRefusedAsync($"{parts[0]}.{ServerSigningKey.Part(claims.ToJsonString())}.{parts[2]}", "unknown");
        }

        var signature = Base64Url.DecodeFromChars(parts[2]);
        byte[][] signatures =
        [
            new byte[64],
            [.. new byte[31], 1, .. new byte[31], 1],
            [.. signature[32..], .. signature[..32]],
            [.. signature, 0],
            signature[..63],
            [],
        ];
        foreach (var wrong in signatures)
        {
            var forged = $"{parts[0]}.{parts[1]}.{StrictBase64Url.Encode(wrong)}";
            Assert.Contains(await doors.Admin.VerifyAsync(forged, Doors.Api), new[] { "unknown", "malformed" });
            await doors.Admin.IntrospectAsync(forged).ExpectInactive();
        }

        var other = (await doors.NewTokenAsync()).Split('.');
        await doors.ExpectRefusedAsync($"{parts[0]}.{parts[1]}.{other[2]}", "unknown");
    }

    /// <summary>Every prefix, every changed character, one more character, blanks around: nothing but the string itself is the token.</summary>
    [Fact]
    public async Task Only_the_token_itself_is_the_token()
    {
        var (doors, token) = await ArrangeAsync();
        var admin = doors.Admin;
        var variants = Enumerable
            .Range(0, token.Length)
            .Where(i => i > 0)
            .Select(i => token[..i])
            .Concat(Enumerable.Range(0, token.Length).Select(i => Changed(token, i)))
            .Concat([token + "A", token + ".", token + "=", " " + token, token + " ", token + "\n", "\uFEFF" + token, token + "\0"]);
        await ExpectNoneGoodAsync(admin, Doors.Api, variants);
        await doors.ExpectGoodAsync(token);
    }

    [Theory, BothEngines]
    public async Task Only_the_opaque_credential_itself_is_the_credential(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().PersonalAccessToken().CreateAsync();
        foreach (var secret in new[] { made.ApiKey.Secret, made.PersonalAccessToken.Secret })
        {
            var variants = Enumerable
                .Range(1, secret.Length - 1)
                .Select(i => secret[..i])
                .Concat(Enumerable.Range(0, secret.Length).Select(i => Changed(secret, i)))
                .Concat(Enumerable.Range(0, secret.Length).Where(i => char.IsLetter(secret[i])).Select(i => CaseFlipped(secret, i)))
                .Concat(Enumerable.Range(0, secret.Length - 1).Where(i => secret[i] != secret[i + 1]).Select(i => Swapped(secret, i)))
                .Concat([
                    secret + "0",
                    " " + secret,
                    secret + " ",
                    secret + "\n",
                    "\t" + secret,
                    secret + "\0",
                    "\uFEFF" + secret,
                    secret.ToUpperInvariant(),
                ]);
            await ExpectNoneGoodAsync(admin, made.Api.Identifier, variants);
            Assert.Equal("valid", await admin.VerifyAsync(secret, made.Api.Identifier));
        }
    }

    private static async Task ExpectNoneGoodAsync(ApiClient admin, string api, IEnumerable<string> variants)
    {
        foreach (var batch in variants.Chunk(16))
        {
            var codes = await Task.WhenAll(batch.Select(variant => admin.VerifyAsync(variant, api)));
            Assert.All(codes.Zip(batch), pair => Assert.True(pair.First is "malformed" or "unknown", $"{pair.First}: '{pair.Second}'"));
        }
    }

    private static string Changed(string text, int i) => text[..i] + (text[i] == 'A' ? 'B' : 'A') + text[(i + 1)..];

    private static string CaseFlipped(string text, int i) =>
        text[..i] + (char.IsUpper(text[i]) ? char.ToLowerInvariant(text[i]) : char.ToUpperInvariant(text[i])) + text[(i + 1)..];

    private static string Swapped(string text, int i) => text[..i] + text[i + 1] + text[i] + text[(i + 2)..];

    private static byte[] Bytes(JsonElement jwk, string member) => Base64Url.DecodeFromChars(jwk.GetProperty(member).GetString()!);

    private static JsonObject Header(string token) => JsonNode.Parse(OAuthRequests.Header(token).GetRawText())!.AsObject();

    private static JsonObject Claims(string token) => JsonNode.Parse(OAuthRequests.Claims(token).GetRawText())!.AsObject();

    private async Task<(Doors Doors, string Token)> ArrangeAsync()
    {
        var doors = await Doors.ArrangeAsync(await servers.AdminAsync(Engine.Sqlite));
        return (doors, await doors.NewTokenAsync());
    }
}
