using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Vectors;

/// <summary>The examples printed in the RFCs.</summary>
public sealed class RfcJoseTests
{
    private static readonly JsonElement Examples = VectorFile.Read("rfc-jose/self-verified.json");

    [Fact]
    public void Rfc7638_section_3_1_thumbprint_of_an_rsa_key()
    {
        var example = Examples.GetProperty("rfc7638_3.1");
        var key = new RSAParameters { Modulus = Bytes(example, "n"), Exponent = Bytes(example, "e") };
        Assert.Equal(example.Text("thumbprint"), JsonWebKey.Thumbprint(key));
        Assert.True(VerificationKey.TryImport(example.GetProperty("jwk"), out var imported));
        Assert.Equal("2011-04-29", imported.KeyId);
        imported.Dispose();
    }

    [Fact]
    public void Rfc9449_thumbprint_of_an_elliptic_curve_key()
    {
        var example = Examples.GetProperty("rfc9449");
        Assert.True(StrictBase64Url.TryDecode(example.Text("token_request_proof").Split('.')[0], out var bytes));
        Assert.True(StrictJson.TryParseObject(bytes, out var header));
        using (header)
        {
            var key = new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = Bytes(header.RootElement, "x"), Y = Bytes(header.RootElement, "y") },
            };
            Assert.Equal(example.Text("jkt"), JsonWebKey.Thumbprint(key));
        }
    }

    [Fact]
    public void Rfc7515_a3_is_a_good_signature_and_no_access_token()
    {
        var example = Examples.GetProperty("rfc7515_a3");
        var parameters = new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = Bytes(example, "x"), Y = Bytes(example, "y") },
        };
        using var key = new VerificationKey("a3", ECDsa.Create(parameters));
        Assert.True(CompactJws.TryParse(Encoding.ASCII.GetBytes(example.Text("jws")), out var jws));
        Assert.True(jws.IsSignedBy(key));
        Assert.StartsWith("{\"iss\":\"joe\"", Encoding.UTF8.GetString(jws.Payload), StringComparison.Ordinal);
        Assert.Equal(AccessTokenFault.WrongType, Validate(example.Text("jws"), key));
    }

    [Theory]
    [InlineData("rfc7515_a1")]
    [InlineData("rfc7515_a5_none")]
    [InlineData("rfc8037_a")]
    public void Hmac_none_and_eddsa_are_refused(string name) =>
        Assert.Equal(AccessTokenFault.Malformed, Validate(Examples.GetProperty(name).Text("jws"), key: null));

    [Theory]
    [InlineData("rfc7515_a3")]
    [InlineData("rfc8037_a")]
    public void Keys_printed_with_their_private_part_are_not_imported(string name) =>
        Assert.False(VerificationKey.TryImport(Examples.GetProperty(name).GetProperty("jwk"), out _));

    [Theory]
    [InlineData("token_request_proof")]
    [InlineData("resource_request_proof")]
    public void A_dpop_proof_is_no_access_token(string name) =>
        Assert.Equal(AccessTokenFault.Malformed, Validate(Examples.GetProperty("rfc9449").Text(name), key: null));

    private static AccessTokenFault Validate(string token, VerificationKey? key) =>
        new AccessTokenValidator("joe", TimeProvider.System).Validate(token, _ => key).Fault;

    private static byte[] Bytes(JsonElement example, string name)
    {
        Assert.True(StrictBase64Url.TryDecode(example.GetProperty("jwk").Text(name), out var bytes));
        return bytes;
    }
}
