using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Proofs;

namespace Tokenry.Protocol.Tests.Proofs;

public sealed class ContentDigestTests
{
    private const string Body = "{\"hello\": \"world\"}";

    private const string Sha256 = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
    private const string Sha512 = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";

    private static readonly string Wrong = ContentDigest.Of("x"u8);

    [Fact]
    public void The_digests_printed_in_the_RFCs_are_computed()
    {
        Assert.Equal(Sha256, ContentDigest.Of(Encoding.UTF8.GetBytes(Body)));
        Assert.Equal(Sha512, ContentDigest.Of(Encoding.UTF8.GetBytes(Body), "sha-512"));
        Assert.Throws<ArgumentException>(() => ContentDigest.Of(default, "md5"));
    }

    public static TheoryData<string, bool> Fields =>
        new()
        {
            { Sha256, true },
            { Sha512, true },
            { $"{Sha256}, {Sha512}", true },
            { $"{Sha256}, new=:AA==:", true },
            { $"{Sha256}, {Sha512.Replace("WZ", "WY", StringComparison.Ordinal)}", false },
            { $"{Wrong}, {Sha512}", false },
            { Wrong, false },
            { "", false },
            { "new=:AA==:", false },
            { "md5=:AA==:", false },
            { $"{Sha256}, md5=:Sd/dVLAcvNLSq16eXua5uQ==:", false },
            { $"{Sha256}, sha=:AA==:", false },
            { $"{Sha256}, unixsum=:AA==:", false },
            { $"{Sha256}, unixcksum=:AA==:", false },
            { $"{Sha256}, adler=:AA==:", false },
            { $"{Sha256}, crc32c=:AA==:", false },
            { $"{Wrong}, {Sha256}", false },
            { $"{Sha256}, {Sha256}", false },
            { Sha256.ToUpperInvariant(), false },
            { Sha256[..^2] + ":", false },
            { Sha256.Replace("PE=", "PF=", StringComparison.Ordinal), false },
            { Sha256 + ";p", false },
            { Sha256.Replace(":", "", StringComparison.Ordinal), false },
            { Sha256.Replace(':', '"'), false },
            { "sha-256=::", false },
            { "sha-256", false },
            { string.Join(", ", Enumerable.Range(0, 8).Select(number => $"n{number}=::")) + ", " + Sha256, false },
        };

    [Theory, MemberData(nameof(Fields))]
    public void A_field_is_the_contents_or_not(string field, bool matches) =>
        Assert.Equal(matches, ContentDigest.Matches([field], Encoding.UTF8.GetBytes(Body)));

    [Fact]
    public void Lines_are_one_field()
    {
        Assert.True(ContentDigest.Matches([Sha256, Sha512], Encoding.UTF8.GetBytes(Body)));
        Assert.False(ContentDigest.Matches([Sha256, Wrong], Encoding.UTF8.GetBytes(Body)));
        Assert.False(ContentDigest.Matches([], Encoding.UTF8.GetBytes(Body)));
    }

    [Fact]
    public void What_is_computed_matches_and_nothing_else() =>
        Prop.ForAll<byte[], byte[]>(
                (content, other) =>
                    ContentDigest.Matches([ContentDigest.Of(content)], content)
                    && ContentDigest.Matches([ContentDigest.Of(content, "sha-512")], content)
                    && ContentDigest.Matches([ContentDigest.Of(other)], content) == content.SequenceEqual(other)
            )
            .QuickCheckThrowOnFailure();

    [Theory]
    [MemberData(nameof(Junk.Characters), MemberType = typeof(Junk))]
    public void Long_junk_is_refused(char character) =>
        Assert.False(ContentDigest.Matches([Sha256 + ", " + Junk.Of(character)], Encoding.UTF8.GetBytes(Body)));
}
