using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Jose;

public sealed class StrictBase64UrlTests
{
    [Fact]
    public void Bytes_come_back() =>
        Prop.ForAll<byte[]>(bytes =>
                StrictBase64Url.TryDecode(StrictBase64Url.Encode(bytes), out var back) && bytes.AsSpan().SequenceEqual(back)
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_text_that_is_read_is_the_only_one_of_its_bytes() =>
        Prop.ForAll(
                Gen.Elements("AQgw-_9z=+/ \n.é".ToCharArray()).ArrayOf().ToArbitrary(),
                text => !StrictBase64Url.TryDecode(text, out byte[]? bytes) || StrictBase64Url.Encode(bytes) == new string(text)
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));

    [Theory]
    [InlineData("")]
    [InlineData("AA")]
    [InlineData("AAA")]
    [InlineData("-_-_")]
    public void Good_texts(string text)
    {
        var destination = new byte[3];
        Assert.True(StrictBase64Url.TryDecode(text, out _));
        Assert.True(StrictBase64Url.TryDecode(System.Text.Encoding.ASCII.GetBytes(text), out _));
        Assert.True(StrictBase64Url.TryDecode(text, destination, out var written));
        Assert.Equal(text.Length * 3 / 4, written);
    }

    [Theory]
    [InlineData("A")]
    [InlineData("AAAAA")]
    [InlineData("AA==")]
    [InlineData("AAA=")]
    [InlineData("AAAA=")]
    [InlineData("AB")]
    [InlineData("AAB")]
    [InlineData("A A")]
    [InlineData("AA\n")]
    [InlineData(" AAAA")]
    [InlineData("AA+A")]
    [InlineData("AA/A")]
    [InlineData("AA?A")]
    [InlineData("AAéA")]
    [InlineData("AA\0A")]
    public void Everything_else_is_refused(string text)
    {
        Assert.False(StrictBase64Url.TryDecode(text, out var bytes));
        Assert.Null(bytes);
        Assert.False(StrictBase64Url.TryDecode(System.Text.Encoding.UTF8.GetBytes(text), out _));
        Assert.False(StrictBase64Url.TryDecode(text, new byte[100], out var written));
        Assert.Equal(0, written);
    }

    [Fact]
    public void What_does_not_fit_is_refused() => Assert.False(StrictBase64Url.TryDecode("AAAA", new byte[2], out _));

    [Fact]
    public void No_text_makes_it_throw() =>
        Prop.ForAll<string?>(text =>
            {
                var decoded = StrictBase64Url.TryDecode(text, out byte[]? bytes);
                return decoded == (bytes is not null);
            })
            .QuickCheckThrowOnFailure();

    [Theory]
    [MemberData(nameof(Junk.Characters), MemberType = typeof(Junk))]
    public void Long_junk_is_judged_by_its_alphabet(char character) =>
        Assert.Equal(char.IsAsciiLetterOrDigit(character) || character is '_', StrictBase64Url.TryDecode(Junk.Of(character), out _));
}
