using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Tests.Platform.Http;

public sealed class FormParametersTests
{
    [Theory]
    [InlineData("a=1", "a", "1")]
    [InlineData("a=1&b=2", "b", "2")]
    [InlineData("&&a=1&", "a", "1")]
    [InlineData("a=b=c", "a", "b=c")]
    [InlineData("a=x+y", "a", "x y")]
    [InlineData("a=x%2By", "a", "x+y")]
    [InlineData("a=%25%3A%2B%2F%20%C3%A9", "a", "%:+/ é")]
    [InlineData("%61=1", "a", "1")]
    [InlineData("a=%f0%9f%94%91", "a", "🔑")]
    [InlineData("a=é", "a", "é")]
    [InlineData("=1", "", "1")]
    public void A_parameter_is_decoded(string body, string name, string value) => Assert.Equal(value, Parse(body)[name]);

    [Theory]
    [InlineData("")]
    [InlineData("&")]
    [InlineData("a")]
    [InlineData("a=")]
    [InlineData("A=1")]
    [InlineData("a%20=1")]
    public void A_parameter_without_a_value_or_of_another_case_is_absent(string body)
    {
        Assert.Null(Parse(body)["a"]);
        Assert.Empty(Parse(body).All("a"));
    }

    [Theory]
    [InlineData("a=%")]
    [InlineData("a=%4")]
    [InlineData("a=%zz")]
    [InlineData("a=%4g")]
    [InlineData("a=%+1")]
    [InlineData("%=1")]
    [InlineData("a=%00")]
    [InlineData("a=\0")]
    [InlineData("a=%ff")]
    [InlineData("a=%c3")]
    [InlineData("a=%c0%af")] // overlong
    [InlineData("a=%ed%a0%80")] // surrogate
    [InlineData("good=1&a=%f4%90%80%80")] // above U+10FFFF
    public void A_broken_escape_or_bytes_that_are_no_UTF8_are_a_fault(string body) =>
        Assert.False(FormParameters.TryParse(Encoding.UTF8.GetBytes(body), out _));

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void At_most_64_parameters(int count, bool parses) =>
        Assert.Equal(parses, FormParameters.TryParse(Encoding.UTF8.GetBytes(string.Join('&', Enumerable.Repeat("a=1", count))), out _));

    [Theory]
    [InlineData("a=1&b=1", false)]
    [InlineData("a=1&a=1", true)]
    [InlineData("a=1&a=", true)]
    [InlineData("a&a", true)]
    [InlineData("a=1&A=1", false)]
    [InlineData("a=1&%61=2", true)]
    [InlineData("resource=1&resource=2&audience=3&audience=4", false)]
    [InlineData("resource=1&resource=2&x=1&x=2", true)]
    public void Repetition_is_seen_after_decoding_and_by_case(string body, bool repeats) =>
        Assert.Equal(repeats, Parse(body).RepeatsAny("resource", "audience"));

    [Fact]
    public void Repeated_values_come_in_their_order() => Assert.Equal(["2", "1", "2"], Parse("r=2&r=&r=1&x=9&r=2").All("r"));

    [Fact]
    public void Any_bytes_are_a_form_or_a_fault_and_never_an_exception() =>
        Prop.ForAll(Bodies().ToArbitrary(), body => FormParameters.TryParse(body, out var form) == (form is not null))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));

    [Fact]
    public void What_was_encoded_is_what_is_read() =>
        Prop.ForAll(
                ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => text.Get).ToArbitrary(),
                text =>
                {
                    // Not representable: NUL is refused, and lone surrogates are no text.
                    var value = new string([.. text.Where(c => c != '\0' && !char.IsSurrogate(c))]) + "é🔑";
                    var form = Parse($"before=1&value={Uri.EscapeDataString(value)}&after=2");
                    return form["value"] == value && form["before"] == "1" && form["after"] == "2";
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    // Half noise, half made of the pieces that mean something, so that the decoder's every branch is reached.
    private static Gen<byte[]> Bodies() =>
        Gen.OneOf(
            ArbMap.Default.GeneratorFor<byte[]>().Select(bytes => bytes ?? []),
            Gen.Elements("a", "=", "&", "%", "+", "%41", "%C3%A9", "%c3", "%zz", "%0", "é", "\0", "resource=", "x=1")
                .ListOf()
                .Select(pieces => Encoding.UTF8.GetBytes(string.Concat(pieces)))
        );

    private static FormParameters Parse(string body)
    {
        Assert.True(FormParameters.TryParse(Encoding.UTF8.GetBytes(body), out var form), body);
        return form;
    }
}
