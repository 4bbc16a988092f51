using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Vectors;

/// <summary>Wycheproof's signatures against <see cref="VerificationKey.Verify"/>.</summary>
public sealed class WycheproofSignatureTests
{
    [Theory]
    [InlineData("ecdsa_secp256r1_sha256_p1363")]
    [InlineData("ecdsa_secp384r1_sha384_p1363")]
    public void Ecdsa_with_fixed_length_signatures(string file)
    {
        var (accepted, wrong) = Run(file, "publicKeyJwk", test => test.IsValid());
        Assert.Empty(wrong);
        Assert.True(accepted > 100);
    }

    // RFC 7518 §3.4: R and S concatenated. A DER signature, however valid, has no place in a JWS.
    [Theory]
    [InlineData("ecdsa_secp256r1_sha256")]
    [InlineData("ecdsa_secp384r1_sha384")]
    public void Ecdsa_with_der_signatures_is_refused_throughout(string file)
    {
        var (accepted, wrong) = Run(file, "publicKeyJwk", _ => false);
        Assert.Empty(wrong);
        Assert.Equal(0, accepted);
    }

    // tcId 8, "acceptable", lacks the NULL in DigestInfo: refused, as the framework does.
    [Theory]
    [InlineData("rsa_signature_2048_sha256")]
    [InlineData("rsa_signature_3072_sha256")]
    [InlineData("rsa_signature_4096_sha256")]
    public void Rsa_pkcs1(string file)
    {
        var (accepted, wrong) = Run(file, "keyJwk", test => test.IsValid());
        Assert.Empty(wrong);
        Assert.True(accepted > 5);
    }

    [Theory]
    [InlineData("rsa_pss_2048_sha256_mgf1_32")]
    [InlineData("rsa_pss_3072_sha256_mgf1_32")]
    [InlineData("rsa_pss_4096_sha256_mgf1_32")]
    public void Rsa_pss(string file)
    {
        var (accepted, wrong) = Run(file, "publicKeyJwk", test => test.IsValid());
        Assert.Empty(wrong);
        Assert.True(accepted > 5);
    }

    // Overrides 5: RFC 7518 §3.5 fixes the salt to the hash's length. tcId 69, wrong there for its salt of 32, is what PS256 asks for.
    [Fact]
    public void Rsa_pss_without_salt_is_refused()
    {
        var (accepted, wrong) = Run("rsa_pss_2048_sha256_mgf1_0", "publicKeyJwk", test => test.Id() == 69);
        Assert.Empty(wrong);
        Assert.Equal(1, accepted);
    }

    // A key of PS256 takes no other hash.
    [Theory]
    [InlineData("rsa_pss_2048_sha384_mgf1_48")]
    [InlineData("rsa_pss_4096_sha384_mgf1_48")]
    [InlineData("rsa_pss_4096_sha512_mgf1_32")]
    [InlineData("rsa_pss_4096_sha512_mgf1_64")]
    public void Rsa_pss_of_another_hash_is_refused_throughout(string file)
    {
        var (accepted, wrong) = Run(file, "publicKeyJwk", _ => false);
        Assert.Empty(wrong);
        Assert.Equal(0, accepted);
    }

    private static (int Accepted, List<int> Wrong) Run(string file, string jwk, Func<JsonElement, bool> expected)
    {
        var accepted = 0;
        var wrong = new List<int>();
        foreach (var (group, test) in VectorFile.Wycheproof(file))
        {
            using var key = Key(group, jwk);
            var verified = key.Verify(test.Hex("msg"), test.Hex("sig"));
            accepted += verified ? 1 : 0;
            if (verified != expected(test))
            {
                wrong.Add(test.Id());
            }
        }

        return (accepted, wrong);
    }

    // Groups with a JWK go through the import policy, which refuses exponent 3 and other algorithms; those and groups without have the DER form.
    private static VerificationKey Key(JsonElement group, string jwk)
    {
        if (group.TryGetProperty(jwk, out var published))
        {
            var isRefused =
                published.TryGetProperty("e", out var exponent) && exponent.GetString() != "AQAB"
                || published.TryGetProperty("alg", out var alg) && !JwsAlgorithms.IsKnown(alg.GetString());
            Assert.NotEqual(isRefused, VerificationKey.TryImport(Named(published), out var key));
            if (key is not null)
            {
                return key;
            }
        }

        var der = group.Hex("publicKeyDer");
        if (group.Text("type").StartsWith("Ecdsa", StringComparison.Ordinal))
        {
            var ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(der, out _);
            return new VerificationKey("none", ecdsa);
        }

        var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(der, out _);
        return new VerificationKey("none", rsa, group.Text("type") == "RsassaPssVerify" ? JwsAlgorithms.Ps256 : JwsAlgorithms.Rs256);
    }

    private static JsonElement Named(JsonElement jwk)
    {
        if (jwk.TryGetProperty("kid", out _))
        {
            return jwk;
        }

        var named = JsonNode.Parse(jwk.GetRawText())!.AsObject();
        named["kid"] = "none";
        return JsonSerializer.SerializeToElement(named);
    }
}
