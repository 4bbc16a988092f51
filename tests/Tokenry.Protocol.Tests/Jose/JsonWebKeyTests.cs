using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Jose;

public sealed class JsonWebKeyTests
{
    [Fact]
    public void Only_public_members_are_written()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(2048);
        Assert.Equal(["kty", "kid", "use", "alg", "crv", "x", "y"], Members(writer => JsonWebKey.WritePublic(writer, "k", "ES256", ecdsa)));
        Assert.Equal(["kty", "kid", "use", "alg", "n", "e"], Members(writer => JsonWebKey.WritePublic(writer, "k", "RS256", rsa)));
    }

    [Fact]
    public void A_thumbprint_is_over_the_canonical_members()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var key = ecdsa.ExportParameters(includePrivateParameters: true);
        var canonical =
            $"{{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"{StrictBase64Url.Encode(key.Q.X)}\",\"y\":\"{StrictBase64Url.Encode(key.Q.Y)}\"}}";
        Assert.Equal(StrictBase64Url.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(canonical))), JsonWebKey.Thumbprint(key));
    }

    [Fact]
    public void Leading_zero_octets_do_not_change_an_rsa_thumbprint()
    {
        using var rsa = RSA.Create(2048);
        var key = rsa.ExportParameters(includePrivateParameters: false);
        var padded = new RSAParameters { Modulus = [0, .. key.Modulus!], Exponent = [0, .. key.Exponent!] };
        Assert.Equal(JsonWebKey.Thumbprint(key), JsonWebKey.Thumbprint(padded));
    }

    [Fact]
    public void Other_curves_and_empty_keys_have_none()
    {
        using var p521 = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        Assert.Throws<ArgumentException>(() => JsonWebKey.Thumbprint(p521.ExportParameters(includePrivateParameters: false)));
        Assert.Throws<ArgumentException>(() => JsonWebKey.Thumbprint(default(ECParameters)));
        Assert.Throws<ArgumentException>(() => JsonWebKey.Thumbprint(default(RSAParameters)));
    }

    private static List<string> Members(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            write(writer);
        }

        using var document = JsonDocument.Parse(buffer.ToArray());
        Assert.Equal("sig", document.RootElement.GetProperty("use").GetString());
        return [.. document.RootElement.EnumerateObject().Select(member => member.Name)];
    }
}
