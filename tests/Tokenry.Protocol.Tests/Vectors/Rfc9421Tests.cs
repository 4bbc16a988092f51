using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Jose;
using Tokenry.Protocol.Proofs;
using Tokenry.Protocol.Tests.Proofs;

namespace Tokenry.Protocol.Tests.Vectors;

/// <summary>The examples of RFC 9421 appendix B. Their signatures have no tag of ours, so they are held to the base and the key, not to the profile.</summary>
public sealed class Rfc9421Tests
{
    private static readonly JsonElement Examples = VectorFile.Read("rfc9421/appendix-b2.json");
    private static readonly JsonElement More = VectorFile.Read("rfc9421/appendix-b3-b4.json");

    [Theory]
    [InlineData("b21")]
    [InlineData("b23")]
    [InlineData("b25")]
    [InlineData("b26")]
    public void Appendix_B2_the_base_is_the_printed_one(string id)
    {
        var example = Example(id);
        Assert.Equal(example.Text("signature_base"), MessageForge.Base(TestRequest(), example.Text("signature_input")));
    }

    // B.2.2 covers @query-param, which has a parameter, and B.2.4 is a response: neither is in our profile.
    [Theory]
    [InlineData("b22")]
    [InlineData("b24")]
    public void Appendix_B2_components_that_we_do_not_take_have_no_base(string id) =>
        Assert.Null(MessageForge.Base(TestRequest(), Example(id).Text("signature_input")));

    [Fact]
    public void Appendix_B25_hmac_is_the_same_byte_for_byte()
    {
        var example = Example("b25");
        var key = new RequestSigningKey(Examples.GetProperty("shared_secret_b64").GetBytesFromBase64());
        var text = Encoding.ASCII.GetBytes(MessageForge.Base(TestRequest(), example.Text("signature_input"))!);
        Assert.Equal(example.Text("signature"), $"sig-b25=:{Convert.ToBase64String(key.Sign(text))}:");
        Assert.True(key.Verify(text, Signature(example)));
    }

    [Fact]
    public void Appendix_B24_and_B3_elliptic_curve_signatures_are_good()
    {
        using var ecdsa = Ecdsa();
        using var registered = new VerificationKey("k", Ecdsa());
        var proxy = More.GetProperty("b3");
        Assert.Equal(proxy.Text("signature_base"), MessageForge.Base(Request(proxy), proxy.Text("signature_input")));
        foreach (var example in new[] { Example("b24"), proxy })
        {
            var text = Encoding.ASCII.GetBytes(example.Text("signature_base"));
            Assert.True(new RequestSigningKey(ecdsa).Verify(text, Signature(example)));
            Assert.True(new RequestSigningKey(registered).Verify(text, Signature(example)));
            text[0] ^= 1;
            Assert.False(new RequestSigningKey(ecdsa).Verify(text, Signature(example)));
            Assert.False(new RequestSigningKey(registered).Verify(text, Signature(example)));
        }
    }

    // RSA is no algorithm of ours. That the signatures are good says that the bases, ours among them, are the ones that were signed.
    [Theory]
    [InlineData("b21")]
    [InlineData("b22")]
    [InlineData("b23")]
    public void Appendix_B21_to_B23_the_printed_bases_are_what_was_signed(string id)
    {
        var jwk = Jwk("test-key-rsa-pss");
        using var rsa = RSA.Create(new RSAParameters { Modulus = Bytes(jwk, "n"), Exponent = Bytes(jwk, "e") });
        var example = Example(id);
        Assert.True(
            rsa.VerifyData(
                Encoding.ASCII.GetBytes(example.Text("signature_base")),
                Signature(example),
                HashAlgorithmName.SHA512,
                RSASignaturePadding.Pss
            )
        );
    }

    [Theory]
    [InlineData("b21")]
    [InlineData("b26")]
    public void Appendix_B2_rsa_and_ed25519_are_not_taken(string id) => Assert.False(RequestSigningKey.Takes(Example(id).Text("alg")));

    [Fact]
    public void Appendix_B4_a_base_survives_what_intermediaries_may_do_and_nothing_else()
    {
        var example = More.GetProperty("b4");
        foreach (var message in example.GetProperty("messages").EnumerateArray())
        {
            var text = MessageForge.Base(Request(message), example.Text("signature_input"));
            Assert.True(message.GetProperty("verifies").GetBoolean() == (text == example.Text("signature_base")), message.Text("what"));
        }
    }

    [Fact]
    public void Wycheproof_hmac_sha256_tags_are_whole()
    {
        var good = 0;
        foreach (var (group, test) in VectorFile.Wycheproof("hmac_sha256"))
        {
            var secret = test.Hex("key");
            if (secret.Length < RequestSigningKey.MinSecretBytes)
            {
                Assert.Throws<ArgumentException>(() => new RequestSigningKey(secret));
                continue;
            }

            // Those with tags of 128 bits are valid only to whoever cuts tags short.
            var expected = test.IsValid() && group.GetProperty("tagSize").GetInt32() == 256;
            Assert.True(new RequestSigningKey(secret).Verify(test.Hex("msg"), test.Hex("tag")) == expected, $"tcId {test.Id()}");
            good += expected ? 1 : 0;
        }

        Assert.True(good > 20);
    }

    [Fact]
    public void Wycheproof_ecdsa_p256_signatures_are_judged_by_the_key()
    {
        foreach (var (group, test) in VectorFile.Wycheproof("ecdsa_secp256r1_sha256_p1363"))
        {
            using var ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(Convert.FromHexString(group.Text("publicKeyDer")), out _);
            Assert.True(new RequestSigningKey(ecdsa).Verify(test.Hex("msg"), test.Hex("sig")) == test.IsValid(), $"tcId {test.Id()}");
        }
    }

    private static JsonElement Example(string id) =>
        Examples.GetProperty("vectors").EnumerateArray().Single(example => example.Text("id") == id);

    private static JsonElement Jwk(string id) =>
        Examples.GetProperty("jwks").GetProperty("keys").EnumerateArray().Single(key => key.Text("kid") == id);

    private static ECDsa Ecdsa()
    {
        var jwk = Jwk("test-key-ecc-p256");
        var point = new ECPoint { X = Bytes(jwk, "x"), Y = Bytes(jwk, "y") };
        return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
    }

    private static byte[] Bytes(JsonElement jwk, string name)
    {
        Assert.True(StrictBase64Url.TryDecode(jwk.Text(name), out var bytes));
        return bytes;
    }

    private static byte[] Signature(JsonElement example) => Convert.FromBase64String(example.Text("signature").Split(':')[1]);

    private static HttpMessage TestRequest()
    {
        var lines = Examples.Text("test_request").Split("\n\n")[0].Split('\n');
        var requestLine = lines[0].Split(' ');
        var fields = lines.Skip(1).Select(line => line.Split(": ", 2)).ToLookup(line => line[0].ToLowerInvariant(), line => line[1]);
        return new HttpMessage(requestLine[0], "https", fields["host"].Single(), requestLine[1], name => [.. fields[name]], body: null);
    }

    private static HttpMessage Request(JsonElement message)
    {
        var fields = message
            .GetProperty("fields")
            .EnumerateArray()
            .ToLookup(line => line[0].GetString()!.ToLowerInvariant(), line => line[1].GetString());
        return new HttpMessage(
            message.Text("method"),
            "https",
            message.Text("authority"),
            message.Text("target"),
            name => [.. fields[name]],
            body: null
        );
    }
}
