using System.Globalization;
using Tokenry.Protocol.Proofs;

namespace Tokenry.Protocol.Tests.Proofs;

public sealed class SignatureInputTests
{
    [Fact]
    public void What_it_says_is_read()
    {
        const string text =
            "(\"@method\" \"x-a\";key=\"b\";sf);created=1618884473;expires=1618884773;nonce=\"a\\\"b\\\\c\";alg=\"x\";keyid=\"k\";tag=\"t\"";
        Assert.True(SignatureInput.TryParse($"a=(), *s-1_.={text}", out var inputs));
        Assert.Equal(["a", "*s-1_."], inputs.Select(input => input.Label));
        Assert.Equal([new("@method", ""), new("x-a", ";key=\"b\";sf")], inputs[1].Components);
        Assert.Equal(text, inputs[1].Text);
        Assert.Equal(DateTimeOffset.Parse("2021-04-20T02:07:53Z", CultureInfo.InvariantCulture), inputs[1].Created);
        Assert.Equal(TimeSpan.FromSeconds(300), inputs[1].Expires - inputs[1].Created);
        Assert.Equal(("a\"b\\c", "x", "k", "t"), (inputs[1].Nonce, inputs[1].Algorithm, inputs[1].KeyId, inputs[1].Tag));
        Assert.True(inputs[1].Covers("@method"));
        Assert.False(inputs[1].Covers("x-a"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData(" a=() ")]
    [InlineData("a=(  )")]
    [InlineData("a=() \t,\t b=()")]
    [InlineData("a=();p")]
    [InlineData("a=();  p=?0;q=?1;r=tok/en:*;s=-0;t=999999999999999;u=:AAA=:;v=\"\";w=*")]
    [InlineData("a=();p=1;p=2")]
    public void Structured_fields_are_read(string field) => Assert.True(SignatureInput.TryParse(field, out _));

    [Theory]
    [InlineData("a")]
    [InlineData("a=")]
    [InlineData("a=1")]
    [InlineData("a=\"x\"")]
    [InlineData("a;p")]
    [InlineData("A=()")]
    [InlineData("1=()")]
    [InlineData("é=()")]
    [InlineData("\ta=()")]
    [InlineData("a =()")]
    [InlineData("a= ()")]
    [InlineData("a=(")]
    [InlineData("a=()x")]
    [InlineData("a=(),")]
    [InlineData(",a=()")]
    [InlineData("a=(),,b=()")]
    [InlineData("a=() b=()")]
    [InlineData("a=();b=();c")]
    [InlineData("a=(),a=()")]
    [InlineData("a=(\"x\"\"y\")")]
    [InlineData("a=(\"x\",\"y\")")]
    [InlineData("a=(\"x\"\t\"y\")")]
    [InlineData("a=(x)")]
    [InlineData("a=(1)")]
    [InlineData("a=(())")]
    [InlineData("a=(\"x)")]
    [InlineData("a=(\"x\" ;p)")]
    [InlineData("a=(\"x\\y\")")]
    [InlineData("a=(\"x\\")]
    [InlineData("a=(\"\u007f\")")]
    [InlineData("a=(\"é\")")]
    [InlineData("a=(\"\n\")")]
    [InlineData("a=();")]
    [InlineData("a=();P")]
    [InlineData("a=();p=")]
    [InlineData("a=();p=?2")]
    [InlineData("a=();p=?")]
    [InlineData("a=();p=-")]
    [InlineData("a=();p=--1")]
    [InlineData("a=();p=+1")]
    [InlineData("a=();p=1.5")]
    [InlineData("a=();p=1000000000000000")]
    [InlineData("a=();p=:AAA:")]
    [InlineData("a=();p=:AAB=:")]
    [InlineData("a=();p=:AA A:")]
    [InlineData("a=();p=:AA_-:")]
    [InlineData("a=();p=:AAAA")]
    [InlineData("a=();p=@1659578233")]
    [InlineData("a=();p=%\"x\"")]
    [InlineData("a=();p=()")]
    [InlineData("a=() ;p")]
    public void Everything_else_is_refused(string field) => Assert.False(SignatureInput.TryParse(field, out _));

    [Fact]
    public void Labels_components_and_length_are_bounded()
    {
        Assert.True(SignatureInput.TryParse(Labels(8), out _));
        Assert.False(SignatureInput.TryParse(Labels(9), out _));
        Assert.True(SignatureInput.TryParse(Components(32), out _));
        Assert.False(SignatureInput.TryParse(Components(33), out _));
        Assert.True(SignatureInput.TryParse(Nonce(8192), out _));
        Assert.False(SignatureInput.TryParse(Nonce(8193), out _));
    }

    private static string Labels(int count) => string.Join(", ", Enumerable.Range(0, count).Select(number => $"s{number}=()"));

    private static string Components(int count) => $"s=({string.Join(' ', Enumerable.Repeat("\"a\"", count))})";

    private static string Nonce(int length) => $"s=();nonce=\"{new string('n', length - 13)}\"";
}
