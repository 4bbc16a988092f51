using System.Security.Cryptography;
using System.Text.Json;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Vectors;

/// <summary>Wycheproof's signatures against <see cref="VerificationKey.Verify"/>.</summary>
public sealed class WycheproofSignatureTests
{
    [Fact]
    public void Ecdsa_with_fixed_length_signatures()
    {
        var (accepted, wrong) = Run("ecdsa_secp256r1_sha256_p1363", "publicKeyJwk", test => test.IsValid());
        Assert.Empty(wrong);
        Assert.True(accepted > 100);
    }

    // RFC 7518 §3.4: R and S concatenated. A DER signature, however valid, has no place in a JWS.
    [Fact]
    public void Ecdsa_with_der_signatures_is_refused_throughout()
    {
        var (accepted, wrong) = Run("ecdsa_secp256r1_sha256", "publicKeyJwk", _ => false);
        Assert.Empty(wrong);
        Assert.Equal(0, accepted);
    }

    // tcId 8, "acceptable", lacks the NULL in DigestInfo: refused, as the framework does.
    [Fact]
    public void Rsa_pkcs1()
    {
        var (accepted, wrong) = Run("rsa_signature_2048_sha256", "keyJwk", test => test.IsValid());
        Assert.Empty(wrong);
        Assert.True(accepted > 5);
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

    // Groups with a JWK go through the import policy, which refuses the one of exponent 3; that and those without have the DER form.
    private static VerificationKey Key(JsonElement group, string jwk)
    {
        if (group.TryGetProperty(jwk, out var published))
        {
            var isRefused = published.TryGetProperty("e", out var exponent) && exponent.GetString() != "AQAB";
            Assert.NotEqual(isRefused, VerificationKey.TryImport(published, out var key));
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
        return new VerificationKey("none", rsa);
    }
}
