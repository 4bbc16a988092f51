using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Protocol.Tests.Credentials;

public sealed class CredentialStringTests
{
    private const string Vector = "tkr_key_02x5WlL3bRI7WJsw0Y1MYl003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2fe0b3";

    private static readonly UInt128 VectorId = UInt128.Parse("0190a1b2c3d47e5f8a9b0c1d2e3f4a5b", NumberStyles.HexNumber, null);
    private static readonly byte[] VectorSecret = [.. Enumerable.Range(0, 32).Select(value => (byte)value)];

    [Fact]
    public void The_contracts_vector_is_written() =>
        Assert.Equal(Vector, CredentialString.Create("tkr", CredentialKinds.ApiKey, VectorId, VectorSecret).Reveal());

    [Fact]
    public void The_contracts_vector_is_read()
    {
        Assert.True(CredentialString.TryParse(Vector, out var value));
        Assert.Equal(Vector, value.Text);
        Assert.Equal("tkr", value.Brand);
        Assert.Equal("key", value.Kind);
        Assert.Equal("02x5WlL3bRI7WJsw0Y1MYl", value.Id);
        Assert.Equal(VectorId, value.IdValue);
    }

    [Fact]
    public void Row9_every_change_of_one_character_is_refused()
    {
        var text = Vector.ToCharArray();
        for (var place = 0; place < text.Length; place++)
        {
            var original = text[place];
            for (var code = 0; code <= char.MaxValue; code += code < 512 ? 1 : 251)
            {
                text[place] = (char)code;
                Assert.True(code == original || !CredentialString.TryParse(text, out _), $"{code:x4} at {place}");
            }

            text[place] = original;
        }
    }

    [Fact]
    public void Row9_every_prefix_and_suffix_is_refused()
    {
        for (var length = 0; length < Vector.Length; length++)
        {
            Assert.False(CredentialString.TryParse(Vector.AsSpan(0, length), out _));
            Assert.False(CredentialString.TryParse(Vector.AsSpan(Vector.Length - length), out _));
        }
    }

    [Fact]
    public void Row9_one_character_more_is_refused_anywhere()
    {
        for (var place = 0; place <= Vector.Length; place++)
        {
            for (var code = 0; code < 256; code++)
            {
                var longer = Vector.Insert(place, ((char)code).ToString());
                Assert.False(CredentialString.TryParse(longer, out _), longer);
            }
        }
    }

    [Fact]
    public void Row9_one_character_less_or_two_swapped_are_refused()
    {
        for (var place = 0; place < Vector.Length; place++)
        {
            Assert.False(CredentialString.TryParse(Vector.Remove(place, 1), out _));
        }

        for (var place = 1; place < Vector.Length; place++)
        {
            var swapped = Vector.ToCharArray();
            (swapped[place - 1], swapped[place]) = (swapped[place], swapped[place - 1]);
            Assert.True(swapped[place - 1] == swapped[place] || !CredentialString.TryParse(swapped, out _), $"at {place}");
        }
    }

    [Fact]
    public void Row9_case_flips_are_refused()
    {
        Assert.False(CredentialString.TryParse(Vector.ToUpperInvariant(), out _));
        Assert.False(CredentialString.TryParse(Vector.ToLowerInvariant(), out _));
    }

    [Theory]
    [InlineData(" ", "")]
    [InlineData("", " ")]
    [InlineData("", "\n")]
    [InlineData("", "\r\n")]
    [InlineData("\t", "")]
    [InlineData("\ufeff", "")]
    [InlineData("", "\0")]
    [InlineData("", "\u200b")]
    [InlineData("\"", "\"")]
    public void Row9_surroundings_are_refused(string before, string after) =>
        Assert.False(CredentialString.TryParse(before + Vector + after, out _));

    [Theory]
    [InlineData(0, "zzzzzzzzzzzzzzzzzzzzzz")] // the id
    [InlineData(22, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")] // the secret
    public void A_value_beyond_its_bits_is_refused_though_the_checksum_fits(int start, string digits)
    {
        var body = new string('0', 65).Remove(start, digits.Length).Insert(start, digits);
        Assert.False(CredentialString.TryParse(WithChecksum("tkr_key_" + body), out _));
        Assert.True(CredentialString.TryParse(WithChecksum("tkr_key_" + new string('0', 65)), out _));
    }

    [Fact]
    public void A_checksum_beyond_32_bits_is_refused() =>
        Assert.False(CredentialString.TryParse("tkr_key_" + new string('0', 65) + "zzzzzz", out _));

    [Theory]
    [InlineData("a_key_", false)]
    [InlineData("ab_key_", true)]
    [InlineData("a1b2c3d4e5_key_", true)]
    [InlineData("0123456789_rt_", true)]
    [InlineData("a1b2c3d4e5f_key_", false)]
    [InlineData("Tkr_key_", false)]
    [InlineData("tk-r_key_", false)]
    [InlineData("tkr_k_", false)]
    [InlineData("tkr_keyed_", false)]
    [InlineData("tkr_keys_", true)]
    [InlineData("tkr_k3y_", false)]
    [InlineData("tkr_KEY_", false)]
    [InlineData("tkr__", false)]
    [InlineData("tkr__ke_", false)]
    [InlineData("tkr_ke__", false)]
    [InlineData("_tkr_ke_", false)]
    [InlineData("tkrkeyabc_", false)]
    public void Brand_and_kind_have_their_alphabets_and_lengths(string head, bool wellFormed) =>
        Assert.Equal(wellFormed, CredentialString.TryParse(WithChecksum(head + new string('0', 65)), out _));

    [Fact]
    public void The_longest_is_as_long_as_it_says()
    {
        var text = CredentialString.Create("abcdefghij", "abcd", UInt128.MaxValue, VectorSecret).Reveal();
        Assert.Equal(CredentialString.MaxLength, text.Length);
        Assert.True(CredentialString.TryParse(text, out _));
    }

    [Fact]
    public void What_is_written_is_read_back() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<ulong>(),
                ArbMap.Default.ArbFor<ulong>(),
                ArbMap.Default.GeneratorFor<byte>().ArrayOf(32).ToArbitrary(),
                (high, low, secret) =>
                {
                    var id = new UInt128(high, low);
                    var text = CredentialString.Create("acme1", "pat", id, secret).Reveal();
                    return CredentialString.TryParse(text, out var value)
                        && value.IdValue == id
                        && value.Brand is "acme1"
                        && value.Kind is "pat"
                        && value.Text.SequenceEqual(text)
                        && PublicId.IsWellFormed("pat_" + value.Id.ToString(), "pat");
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void No_text_makes_it_throw() =>
        Prop.ForAll<string?>(text => !CredentialString.TryParse(text, out _)).QuickCheckThrowOnFailure();

    [Fact]
    public void No_text_of_the_right_shape_makes_it_throw() =>
        Prop.ForAll(
                ArbMap.Default.GeneratorFor<char>().ArrayOf(79).ToArbitrary(),
                text =>
                {
                    text[3] = text[7] = '_';
                    return !CredentialString.TryParse(text, out _);
                }
            )
            .QuickCheckThrowOnFailure();

    [Theory]
    [MemberData(nameof(Junk.Characters), MemberType = typeof(Junk))]
    public void Long_junk_is_refused(char character) => Assert.False(CredentialString.TryParse(Junk.Of(character), out _));

    [Fact]
    public void Two_credentials_never_share_a_secret() =>
        Assert.NotEqual(CredentialString.Create("tkr", "key", VectorId).Reveal(), CredentialString.Create("tkr", "key", VectorId).Reveal());

    [Fact]
    public void Creating_refuses_what_parsing_would()
    {
        Assert.Throws<ArgumentException>(() => CredentialString.Create("T", "key", VectorId, VectorSecret));
        Assert.Throws<ArgumentException>(() => CredentialString.Create("tkr", "k", VectorId, VectorSecret));
        Assert.Throws<ArgumentException>(() => CredentialString.Create("tkr", "key", VectorId, VectorSecret.AsSpan(1)));
    }

    [Fact]
    public async Task Parsing_allocates_nothing() =>
        Assert.Equal(0, await Allocations.OfAsync(() => _ = CredentialString.TryParse(Vector, out _)));

    private static string WithChecksum(string text)
    {
        var checksum = new char[6];
        Base62.Encode(BitConverter.GetBytes(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(Crc32C.Compute(text))), checksum);
        return text + new string(checksum);
    }
}
