using System.Security.Cryptography;
using Tokenry.Protocol.Jose;
using Tokenry.Protocol.Proofs;

namespace Tokenry.Protocol.Tests.Proofs;

public sealed class RequestSigningKeyTests
{
    private static readonly byte[] Root = [.. Enumerable.Range(0, 32).Select(number => (byte)number)];

    // RFC 5869 by hand: extract, then the first block of expand.
    [Fact]
    public void A_credentials_secret_is_derived_by_hkdf()
    {
        var extracted = HMACSHA256.HashData("key_1"u8, Root);
        byte[] info = [.. "tokenry/9421/v1"u8, 1];
        Assert.Equal(StrictBase64Url.Encode(HMACSHA256.HashData(extracted, info)), Text(Root, "key_1"));
        Assert.NotEqual(Text(Root, "key_1"), Text(Root, "key_2"));
        Assert.NotEqual(Text(Root, "key_1"), Text(new byte[32], "key_1"));
    }

    [Fact]
    public void A_root_of_less_than_32_bytes_and_an_empty_id_are_refused()
    {
        Assert.Throws<ArgumentException>(() => RequestSigningKey.Derive(Root.AsSpan(1), "key_1"));
        Assert.Throws<ArgumentException>(() => RequestSigningKey.Derive(Root, ""));
    }

    [Fact]
    public void The_client_reads_what_the_server_hands_out()
    {
        var derived = RequestSigningKey.Derive(Root, "key_1");
        Assert.True(RequestSigningKey.TryParse(derived.ToSecret().Reveal(), out var read));
        Assert.True(derived.Verify("x"u8, read.Sign("x"u8)));
        Assert.Equal("***", derived.ToSecret().ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+/A")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB")]
    public void Other_texts_are_no_secret(string text) => Assert.False(RequestSigningKey.TryParse(text, out _));

    [Fact]
    public void A_key_on_another_curve_is_refused()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Throws<ArgumentException>(() => new RequestSigningKey(ecdsa));
        using var registered = new VerificationKey("k", ecdsa);
        Assert.Null(new RequestSigningKey(registered).Algorithm);
        Assert.False(new RequestSigningKey(registered).Verify("x"u8, ecdsa.SignData("x"u8, HashAlgorithmName.SHA384)));
    }

    [Fact]
    public void Signatures_have_one_length()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (var key in new[] { new RequestSigningKey(Root), new RequestSigningKey(ecdsa) })
        {
            var signature = key.Sign("x"u8);
            Assert.True(key.Verify("x"u8, signature));
            Assert.False(key.Verify("x"u8, [.. signature, 0]));
            Assert.False(key.Verify("x"u8, signature.AsSpan(1)));
            Assert.False(key.Verify("x"u8, []));
        }

        var der = ecdsa.SignData("x"u8, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        Assert.False(new RequestSigningKey(ecdsa).Verify("x"u8, der));
    }

    [Fact]
    public void A_registered_key_does_not_sign_and_has_no_secret()
    {
        using var registered = new VerificationKey("k", ECDsa.Create(ECCurve.NamedCurves.nistP256));
        Assert.Throws<InvalidOperationException>(() => new RequestSigningKey(registered).Sign("x"u8));
        Assert.Throws<InvalidOperationException>(() => new RequestSigningKey(registered).ToSecret());
    }

    private static string Text(byte[] root, string id) => RequestSigningKey.Derive(root, id).ToSecret().Reveal();
}
