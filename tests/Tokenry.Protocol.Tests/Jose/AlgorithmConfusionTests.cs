using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Jose;

/// <summary>Rows 1 to 6 of the incident table: a token that tries to choose how it is checked.</summary>
public sealed class AlgorithmConfusionTests : IDisposable
{
    private readonly TokenForge forge = new();

    public void Dispose() => forge.Dispose();

    public static TheoryData<string> NotOurAlgorithms =>
        [
            "HS256",
            "HS384",
            "HS512",
            "none",
            "NONE",
            "nOnE",
            "None",
            "",
            "es256",
            "ES256 ",
            "ES256K",
            "ES384",
            "ES521",
            "EdDSA",
            "PS256",
            "RS512",
        ];

    [Theory]
    [InlineData("HS256")]
    [InlineData("ES256")]
    [InlineData("RS256")]
    public void Row1_the_public_key_is_never_a_shared_secret(string named)
    {
        using var rsa = RSA.Create(2048);
        using var key = new VerificationKey("rsa", rsa);
        var secrets = new List<byte[]>();
        foreach (
            var pem in new[]
            {
                forge.Ecdsa.ExportSubjectPublicKeyInfoPem(),
                rsa.ExportSubjectPublicKeyInfoPem(),
                rsa.ExportRSAPublicKeyPem(),
            }
        )
        {
            secrets.AddRange(new[] { pem, pem + "\n", " " + pem, pem.Trim() }.Select(Encoding.ASCII.GetBytes));
        }

        secrets.Add(forge.Ecdsa.ExportSubjectPublicKeyInfo());
        secrets.Add(rsa.ExportSubjectPublicKeyInfo());
        secrets.Add(rsa.ExportRSAPublicKey());
        secrets.Add(rsa.ExportParameters(includePrivateParameters: false).Modulus!);
        secrets.Add(PublicJwk());
        secrets.Add([]);

        foreach (var secret in secrets)
        {
            var input = $"{TokenForge.Part(HeaderWith("alg", $"\"{named}\""))}.{TokenForge.Part(TokenForge.Claims().ToJsonString())}";
            var token = $"{input}.{StrictBase64Url.Encode(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(input)))}";
            Assert.False(forge.Validate(token).IsValid);
            Assert.False(forge.Validator.Validate(token, _ => key).IsValid);
        }
    }

    [Fact]
    public void Row1_the_algorithm_is_the_keys()
    {
        using var rsa = RSA.Create(2048);
        using var key = new VerificationKey(TokenForge.KeyId, rsa);
        var byEcdsa = forge.Sign();
        Assert.Equal(AccessTokenFault.BadSignature, forge.Validator.Validate(byEcdsa, _ => key).Fault);

        var input = $"{TokenForge.Part(HeaderWith("alg", "\"RS256\""))}.{TokenForge.Part(TokenForge.Claims().ToJsonString())}";
        var signature = rsa.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var byRsa = $"{input}.{StrictBase64Url.Encode(signature)}";
        Assert.True(forge.Validator.Validate(byRsa, _ => key).IsValid);
        Assert.Equal(AccessTokenFault.BadSignature, forge.FaultOf(byRsa));
    }

    [Fact]
    public void Row1_a_good_signature_under_another_algorithms_name_is_refused() =>
        Assert.Equal(
            AccessTokenFault.BadSignature,
            forge.FaultOf(forge.Sign(HeaderWith("alg", "\"RS256\""), TokenForge.Claims().ToJsonString()))
        );

    [Theory]
    [MemberData(nameof(NotOurAlgorithms))]
    public void Row2_an_algorithm_we_do_not_take_is_refused_before_any_key(string algorithm)
    {
        var header = HeaderWith("alg", $"\"{algorithm}\"");
        var payload = TokenForge.Claims().ToJsonString();
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf(forge.Sign(header, payload)));
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf($"{TokenForge.Part(header)}.{TokenForge.Part(payload)}."));
        Assert.Equal(0, forge.LookUps);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("[\"ES256\"]")]
    [InlineData("{}")]
    public void Row2_an_algorithm_is_a_string(string json)
    {
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf(forge.Sign(HeaderWith("alg", json), TokenForge.Claims().ToJsonString())));
        Assert.Equal(0, forge.LookUps);
    }

    [Fact]
    public void Row2_an_algorithm_there_must_be()
    {
        var header = TokenForge.Header();
        header.Remove("alg");
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf(forge.Sign(header)));
    }

    [Fact]
    public void Row3_psychic_signatures_are_refused()
    {
        var input = forge.Sign()[..forge.Sign().LastIndexOf('.')];
        var order = Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
        var one = new byte[32];
        one[31] = 1;
        byte[][] parts = [new byte[32], one, order, [.. Enumerable.Repeat((byte)0xFF, 32)]];
        foreach (var r in parts)
        {
            foreach (var s in parts)
            {
                Assert.Equal(AccessTokenFault.BadSignature, forge.FaultOf($"{input}.{StrictBase64Url.Encode([.. r, .. s])}"));
            }
        }

        Assert.Equal(AccessTokenFault.BadSignature, forge.FaultOf(input + "."));
    }

    [Fact]
    public void Row3_a_der_signature_is_refused()
    {
        var token = forge.Sign();
        var input = token[..token.LastIndexOf('.')];
        var der = forge.Ecdsa.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        Assert.Equal(AccessTokenFault.BadSignature, forge.FaultOf($"{input}.{StrictBase64Url.Encode(der)}"));
    }

    [Theory]
    [InlineData("jku", "\"https://evil.example.com/jwks\"")]
    [InlineData("x5u", "\"https://evil.example.com/cert\"")]
    [InlineData("x5c", "[\"MIIB\"]")]
    [InlineData("jwk", "null")]
    [InlineData("zip", "\"DEF\"")]
    [InlineData("crit", "[\"exp\"]")]
    [InlineData("crit", "[]")]
    [InlineData("crit", "[\"b64\"]")]
    [InlineData("b64", "false")]
    [InlineData("b64", "true")]
    public void Row4_and_row6_a_token_brings_no_key_and_no_extension(string name, string json)
    {
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf(forge.Sign(HeaderWith(name, json), TokenForge.Claims().ToJsonString())));
        Assert.Equal(0, forge.LookUps);
    }

    [Fact]
    public void Row4_an_embedded_key_is_refused_though_it_verifies()
    {
        var header = HeaderWith("jwk", Encoding.UTF8.GetString(PublicJwk()));
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf(forge.Sign(header, TokenForge.Claims().ToJsonString())));
    }

    [Theory]
    [InlineData("../../dev/null")]
    [InlineData("' OR 1=1 --")]
    [InlineData("k1\0")]
    [InlineData("K1")]
    [InlineData(" k1")]
    [InlineData("https://evil.example.com/k1")]
    [InlineData("")]
    public void Row5_a_key_id_is_a_dictionary_key_and_nothing_else(string keyId)
    {
        var header = TokenForge.Header();
        header["kid"] = keyId;
        Assert.Equal(AccessTokenFault.UnknownKey, forge.FaultOf(forge.Sign(header)));
    }

    [Fact]
    public void Row5_a_long_key_id_is_not_even_looked_up()
    {
        var header = TokenForge.Header();
        header["kid"] = new string('k', 201);
        Assert.Equal(AccessTokenFault.UnknownKey, forge.FaultOf(forge.Sign(header)));
        header["kid"] = new string('k', 10_240);
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf(forge.Sign(header)));
        header.Remove("kid");
        Assert.Equal(AccessTokenFault.UnknownKey, forge.FaultOf(forge.Sign(header)));
        Assert.Equal(0, forge.LookUps);
    }

    [Theory]
    [InlineData("kid", "7")]
    [InlineData("kid", "null")]
    [InlineData("kid", "[\"k1\"]")]
    [InlineData("kid", "\"\\ud800\"")]
    [InlineData("typ", "7")]
    [InlineData("typ", "null")]
    public void Row5_header_parameters_are_strings(string name, string json)
    {
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf(forge.Sign(HeaderWith(name, json), TokenForge.Claims().ToJsonString())));
        Assert.Equal(0, forge.LookUps);
    }

    [Theory]
    [InlineData("{\"alg\":\"ES256\",\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}")]
    [InlineData("{\"alg\":\"ES256\",\"\\u0061lg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}")]
    [InlineData("[\"ES256\"]")]
    [InlineData("")]
    [InlineData("{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}x")]
    public void A_header_has_one_reading(string header) =>
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf(forge.Sign(header, TokenForge.Claims().ToJsonString())));

    [Fact]
    public void A_token_has_three_parts()
    {
        var parts = forge.Sign().Split('.');
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf($"{parts[0]}.{parts[1]}"));
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf($"{parts[0]}.{parts[1]}.{parts[2]}."));
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf($"{parts[0]}.{parts[1]}.{parts[2]}.{parts[2]}"));
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf($"{parts[0]}.{parts[1]}.{parts[2]}.{parts[2]}.{parts[2]}"));
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf($".{parts[1]}.{parts[2]}"));
        Assert.Equal(AccessTokenFault.Malformed, forge.FaultOf(".."));
    }

    private static string HeaderWith(string name, string json)
    {
        var header = TokenForge.Header();
        header.Remove(name);
        return $"{{\"{name}\":{json},{header.ToJsonString()[1..]}";
    }

    private byte[] PublicJwk()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            JsonWebKey.WritePublic(writer, TokenForge.KeyId, "ES256", forge.Ecdsa);
        }

        return buffer.ToArray();
    }
}
