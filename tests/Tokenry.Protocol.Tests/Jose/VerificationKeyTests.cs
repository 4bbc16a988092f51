using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Jose;

public sealed class VerificationKeyTests
{
    private static readonly RSA Rsa = RSA.Create(2048);

    [Fact]
    public void Our_own_public_keys_come_back()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.True(TryImport(EllipticCurve(ecdsa).ToJsonString(), out var es256));
        Assert.Equal(("k", "ES256"), (es256!.KeyId, es256.Algorithm));
        Assert.True(es256.Verify("x"u8, ecdsa.SignData("x"u8, HashAlgorithmName.SHA256)));
        Assert.False(es256.Verify("y"u8, ecdsa.SignData("x"u8, HashAlgorithmName.SHA256)));

        Assert.True(TryImport(RsaKey().ToJsonString(), out var rs256));
        Assert.Equal(("k", "RS256"), (rs256!.KeyId, rs256.Algorithm));
        Assert.True(rs256.Verify("x"u8, Rsa.SignData("x"u8, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
        Assert.False(rs256.Verify("x"u8, Rsa.SignData("x"u8, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)));
        Assert.False(rs256.Verify("x"u8, Rsa.SignData("x"u8, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1)));
    }

    // The algorithm is the key's own: a signature of the other RSA scheme is none.
    [Fact]
    public void A_key_of_PS256_takes_PSS_alone()
    {
        Assert.True(TryImport(With(RsaKey(), "alg", "\"PS256\""), out var ps256));
        Assert.Equal("PS256", ps256!.Algorithm);
        Assert.True(ps256.Verify("x"u8, Rsa.SignData("x"u8, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)));
        Assert.False(ps256.Verify("x"u8, Rsa.SignData("x"u8, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
        Assert.False(ps256.Verify("x"u8, Rsa.SignData("x"u8, HashAlgorithmName.SHA384, RSASignaturePadding.Pss)));
        ps256.Dispose();
    }

    [Fact]
    public void A_key_on_P384_is_one_of_ES384()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var written = TokenForge.Written(writer => JsonWebKey.WritePublic(writer, "k", "ES384", ecdsa));
        Assert.Equal("P-384", (string?)written["crv"]);
        Assert.True(TryImport(written.ToJsonString(), out var es384));
        Assert.Equal("ES384", es384!.Algorithm);
        Assert.True(es384.Verify("x"u8, ecdsa.SignData("x"u8, HashAlgorithmName.SHA384)));
        Assert.False(es384.Verify("x"u8, ecdsa.SignData("x"u8, HashAlgorithmName.SHA256)));
        es384.Dispose();
        Assert.False(TryImport(With(written, "alg", "\"ES256\""), out _));
        Assert.False(TryImport(With(written, "crv", "\"P-256\""), out _));
    }

    [Theory]
    [InlineData("alg", null, true)]
    [InlineData("use", null, true)]
    [InlineData("key_ops", "[\"verify\"]", true)]
    [InlineData("key_ops", "[\"sign\",\"verify\"]", true)]
    [InlineData("x5c", "[\"ignored\"]", true)]
    [InlineData("unknown", "{}", true)]
    [InlineData("kid", null, false)]
    [InlineData("kid", "\"\"", false)]
    [InlineData("kid", "7", false)]
    [InlineData("kty", null, false)]
    [InlineData("kty", "\"RSA\"", false)]
    [InlineData("kty", "\"ec\"", false)]
    [InlineData("kty", "\"oct\"", false)]
    [InlineData("kty", "\"OKP\"", false)]
    [InlineData("crv", null, false)]
    [InlineData("crv", "\"P-384\"", false)]
    [InlineData("crv", "\"secp256k1\"", false)]
    [InlineData("crv", "\"p-256\"", false)]
    [InlineData("alg", "\"ES384\"", false)]
    [InlineData("alg", "\"RS256\"", false)]
    [InlineData("alg", "\"HS256\"", false)]
    [InlineData("alg", "\"none\"", false)]
    [InlineData("alg", "null", false)]
    [InlineData("alg", "[\"ES256\"]", false)]
    [InlineData("use", "\"enc\"", false)]
    [InlineData("use", "\"SIG\"", false)]
    [InlineData("use", "null", false)]
    [InlineData("key_ops", "[]", false)]
    [InlineData("key_ops", "[\"sign\"]", false)]
    [InlineData("key_ops", "[\"verify\",\"encrypt\"]", false)]
    [InlineData("key_ops", "\"verify\"", false)]
    [InlineData("key_ops", "[1]", false)]
    [InlineData("d", "\"AA\"", false)]
    [InlineData("k", "\"AA\"", false)]
    [InlineData("p", "null", false)]
    [InlineData("x", null, false)]
    [InlineData("y", null, false)]
    [InlineData("x", "7", false)]
    [InlineData("x", "\"AA\"", false)]
    [InlineData("x", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", false)]
    [InlineData("y", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", false)]
    [InlineData("x", "\"_____wAAAAEAAAAAAAAAAAAAAAD_______________8\"", false)] // the prime itself, which is 0 unreduced
    [InlineData("x", "\"\\ud800\"", false)]
    public void The_import_policy_for_elliptic_curves(string member, string? json, bool accepted)
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var imported = TryImport(With(EllipticCurve(ecdsa), member, json), out var key);
        key?.Dispose();
        Assert.Equal(accepted, imported);
    }

    [Theory]
    [InlineData("alg", null, true)]
    [InlineData("alg", "\"RS256\"", true)]
    [InlineData("alg", "\"PS256\"", true)]
    [InlineData("alg", "\"PS384\"", false)]
    [InlineData("alg", "\"ES256\"", false)]
    [InlineData("alg", "\"RS1\"", false)]
    [InlineData("alg", "\"RSA-OAEP\"", false)]
    [InlineData("use", "\"enc\"", false)]
    [InlineData("kty", "\"EC\"", false)]
    [InlineData("e", null, false)]
    [InlineData("e", "\"AQ\"", false)]
    [InlineData("e", "\"Aw\"", false)]
    [InlineData("e", "\"AAEAAQ\"", false)]
    [InlineData("e", "\"AQAB=\"", false)]
    [InlineData("e", "\"AQABAQ\"", false)]
    [InlineData("n", null, false)]
    [InlineData("n", "\"AQAB\"", false)]
    [InlineData("oth", "[]", false)]
    [InlineData("dp", "\"AA\"", false)]
    [InlineData("q", "\"AA\"", false)]
    public void The_import_policy_for_rsa(string member, string? json, bool accepted)
    {
        var imported = TryImport(With(RsaKey(), member, json), out var key);
        key?.Dispose();
        Assert.Equal(accepted, imported);
    }

    [Theory]
    [InlineData(0x00, 256)] // a leading zero octet: 2040 bits
    [InlineData(0x7F, 256)] // 2047 bits
    [InlineData(0xFF, 255)]
    [InlineData(0x01, 1025)] // 8193 bits
    public void A_modulus_has_2048_to_8192_bits(byte first, int length)
    {
        var modulus = RandomNumberGenerator.GetBytes(length);
        modulus[0] = first;
        modulus[^1] |= 1;
        Assert.False(TryImport(With(RsaKey(), "n", $"\"{StrictBase64Url.Encode(modulus)}\""), out _));
    }

    [Fact]
    public void An_even_modulus_is_refused()
    {
        var modulus = Rsa.ExportParameters(includePrivateParameters: false).Modulus!;
        modulus[^1] ^= 1;
        Assert.False(TryImport(With(RsaKey(), "n", $"\"{StrictBase64Url.Encode(modulus)}\""), out _));
    }

    // CVE-2017-15361: such a modulus is a power of 65537 modulo every small prime. The next odd number is not.
    [Fact]
    public void A_modulus_with_the_roca_fingerprint_is_refused()
    {
        var primorial = Enumerable
            .Range(2, 166)
            .Where(n => Enumerable.Range(2, n - 2).All(divisor => n % divisor != 0))
            .Aggregate(BigInteger.One, (product, prime) => product * prime);
        var marked = ((BigInteger.One << 2048) / primorial - 1) * primorial + BigInteger.ModPow(65537, 4711, primorial);
        Assert.False(TryImport(WithModulus(marked), out _));
        Assert.True(TryImport(WithModulus(marked + 2), out var key));
        key!.Dispose();
    }

    [Fact]
    public void A_key_id_has_up_to_200_characters()
    {
        Assert.True(TryImport(With(RsaKey(), "kid", $"\"{new string('k', 200)}\""), out _));
        Assert.False(TryImport(With(RsaKey(), "kid", $"\"{new string('k', 201)}\""), out _));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"x\"")]
    [InlineData("null")]
    [InlineData("{}")]
    public void What_is_no_key_is_refused(string json) => Assert.False(TryImport(json, out _));

    [Fact]
    public void Keys_are_checked_when_made_by_hand()
    {
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var small = RSA.Create(1024);
        using var good = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var p521 = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        using var rsa = RSA.Create(2048);
        Assert.Equal("ES384", new VerificationKey("k", p384).Algorithm);
        Assert.Throws<ArgumentException>(() => new VerificationKey("k", p521));
        Assert.Throws<ArgumentException>(() => new VerificationKey("k", rsa, "RS384"));
        Assert.Throws<ArgumentException>(() => new VerificationKey("k", small));
        Assert.Throws<ArgumentException>(() => new VerificationKey("", good));
        Assert.Throws<ArgumentOutOfRangeException>(() => new VerificationKey(new string('k', 201), good));
    }

    private static string WithModulus(BigInteger modulus) =>
        With(RsaKey(), "n", $"\"{StrictBase64Url.Encode(modulus.ToByteArray(isUnsigned: true, isBigEndian: true))}\"");

    [Fact]
    public void A_key_goes_by_the_name_it_is_given_by_its_own_or_by_its_thumbprint()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var named = EllipticCurve(ecdsa).ToJsonString();
        var nameless = With(EllipticCurve(ecdsa), "kid", null);
        Assert.Equal("k", Named(named, null, null)!.KeyId);
        Assert.Equal("other", Named(named, "other", null)!.KeyId);
        Assert.Equal("other", Named(nameless, "other", null)!.KeyId);
        var thumbprint = Named(nameless, null, null)!;
        Assert.Equal(thumbprint.Thumbprint(), thumbprint.KeyId);
        Assert.Null(Named(With(EllipticCurve(ecdsa), "kid", "\"\""), null, null));
        Assert.Null(Named(With(EllipticCurve(ecdsa), "kid", $"\"{new string('k', 201)}\""), null, null));
        Assert.Equal(200, Named(With(EllipticCurve(ecdsa), "kid", $"\"{new string('k', 200)}\""), null, null)!.KeyId.Length);
        Assert.Null(Named("{}", null, null));
        Assert.Null(Named("[]", "k", null));

        // What it shall be used with must not contradict what it is.
        Assert.Equal("ES256", Named(named, null, "ES256")!.Algorithm);
        Assert.Null(Named(named, null, "RS256"));
        Assert.Null(Named(named, null, "none"));
        var rsa = With(RsaKey(), "alg", null);
        Assert.Equal("PS256", Named(rsa, null, "PS256")!.Algorithm);
        Assert.Null(Named(RsaKey().ToJsonString(), null, "PS256"));
    }

    [Fact]
    public void What_holds_a_secret_is_known_and_a_public_key_is_written_as_it_was()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (var key in new[] { EllipticCurve(ecdsa), RsaKey() })
        {
            Assert.False(HoldsSecret(key.ToJsonString()));
            Assert.True(HoldsSecret(With(key.DeepClone().AsObject(), "d", "\"AAAA\"")));
            Assert.Equal(key.ToJsonString(), TokenForge.Written(Named(key.ToJsonString(), null, null)!.WritePublic).ToJsonString());
        }

        Assert.True(HoldsSecret("""{"kty":"oct","k":"AAAA"}"""));
        Assert.False(HoldsSecret("[]"));
    }

    private static bool HoldsSecret(string json)
    {
        using var document = JsonDocument.Parse(json);
        return VerificationKey.HoldsSecret(document.RootElement);
    }

    private static VerificationKey? Named(string json, string? keyId, string? algorithm)
    {
        using var document = JsonDocument.Parse(json);
        var taken = VerificationKey.TryImport(document.RootElement, keyId, algorithm, out var key);
        Assert.Equal(taken, key is not null);
        return key;
    }

    private static JsonObject EllipticCurve(ECDsa key) => TokenForge.Written(writer => JsonWebKey.WritePublic(writer, "k", "ES256", key));

    private static JsonObject RsaKey() => TokenForge.Written(writer => JsonWebKey.WritePublic(writer, "k", "RS256", Rsa));

    private static string With(JsonObject key, string member, string? json)
    {
        key.Remove(member);
        return json is null ? key.ToJsonString() : $"{{\"{member}\":{json},{key.ToJsonString()[1..]}";
    }

    private static bool TryImport(string json, out VerificationKey? key)
    {
        using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes(json));
        return VerificationKey.TryImport(document.RootElement, out key);
    }
}
