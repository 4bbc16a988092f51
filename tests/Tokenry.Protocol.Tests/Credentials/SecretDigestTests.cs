using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Protocol.Tests.Credentials;

public sealed class SecretDigestTests
{
    private static readonly byte[] Pepper = [.. Enumerable.Range(100, 32).Select(value => (byte)value)];

    [Fact]
    public void It_is_the_hmac_of_the_sha256() =>
        Prop.ForAll<string?>(text =>
            {
                text ??= "";
                var expected = HMACSHA256.HashData(Pepper, SHA256.HashData(Encoding.UTF8.GetBytes(text)));
                return Digest(text).AsSpan().SequenceEqual(expected);
            })
            .QuickCheckThrowOnFailure();

    [Fact]
    public void An_imported_sha256_is_peppered_to_the_same_digest()
    {
        var imported = new byte[SecretDigest.Length];
        SecretDigest.Pepper(SHA256.HashData("legacy-key"u8), Pepper, imported);
        Assert.True(SecretDigest.Equals(Digest("legacy-key"), imported));
        Assert.Throws<ArgumentException>(() => SecretDigest.Pepper(new byte[31], Pepper, imported));
    }

    [Fact]
    public void The_hash_itself_is_no_credential() =>
        Assert.False(SecretDigest.Equals(Digest("k"), Digest(Convert.ToHexStringLower(SHA256.HashData("k"u8)))));

    [Fact]
    public void Equality_is_of_all_bytes()
    {
        var digest = Digest("k");
        Assert.False(SecretDigest.Equals(digest, digest.AsSpan(1)));
        Assert.False(SecretDigest.Equals(digest, []));
        for (var place = 0; place < digest.Length; place++)
        {
            var other = (byte[])digest.Clone();
            other[place] ^= 1;
            Assert.False(SecretDigest.Equals(digest, other));
        }
    }

    [Theory]
    [MemberData(nameof(Junk.Characters), MemberType = typeof(Junk))]
    public void Long_junk_has_a_digest_like_any_other(char character) => Assert.Equal(32, Digest(Junk.Of(character)).Length);

    [Fact]
    public async Task A_credentials_digest_allocates_nothing()
    {
        var destination = new byte[SecretDigest.Length];
        var text = new string('k', CredentialString.MaxLength);
        Assert.Equal(0, await Allocations.OfAsync(() => SecretDigest.Compute(text, Pepper, destination)));
    }

    private static byte[] Digest(string text)
    {
        var digest = new byte[SecretDigest.Length];
        SecretDigest.Compute(text, Pepper, digest);
        return digest;
    }
}
