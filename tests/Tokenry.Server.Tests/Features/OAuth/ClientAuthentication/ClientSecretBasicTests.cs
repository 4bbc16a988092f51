using System.Text;
using Microsoft.AspNetCore.Http;
using Tokenry.Server.Features.OAuth.ClientAuthentication;

namespace Tokenry.Server.Tests.Features.OAuth.ClientAuthentication;

/// <summary>Reading the header alone (RFC 7617 §2 with the encoding of RFC 6749 §2.3.1); ids of ours need no encoding, others' do.</summary>
public sealed class ClientSecretBasicTests
{
    [Theory]
    [InlineData("id:secret", "id", "secret")]
    [InlineData("%25%3A%2B%2F+%C3%A9:%25%3A%2B%2F%20%C3%A9", "%:+/ é", "%:+/ é")]
    [InlineData("a+b:c+d", "a b", "c d")]
    [InlineData("id:with:colons", "id", "with:colons")]
    [InlineData("id:", "id", "")]
    [InlineData(":secret", "", "secret")]
    public void Both_parts_are_form_decoded_after_the_split(string pair, string id, string secret)
    {
        var presented = Read("Basic " + Encode(pair));
        Assert.True(presented.IsRequested);
        Assert.Equal((id, secret), (presented.ClientId, presented.Proof));
    }

    [Theory]
    [InlineData("basic")]
    [InlineData("bAsIc")]
    [InlineData("BASIC")]
    public void The_scheme_has_no_case(string scheme) => Assert.Equal("id", Read($"{scheme} {Encode("id:secret")}").ClientId);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Basic")]
    [InlineData("Basicx aWQ6c2VjcmV0")]
    [InlineData("Bearer aWQ6c2VjcmV0")]
    [InlineData("Digest aWQ6c2VjcmV0")]
    public void Another_scheme_is_not_this_method(string? header) => Assert.False(Read(header).IsRequested);

    public static TheoryData<string> Broken =>
        [
            "",
            " ",
            "!!!!",
            "aWQ6c2VjcmV0=", // one padding too many
            "aWQ6cw", // padding missing
            "aWQ6c2 VjcmV0",
            "aWQ6\tc2VjcmV0",
            "aWQ6c2VjcmV0, Basic aWQ6c2VjcmV0",
            "-_-_",
            Encode("no colon"),
            Encode("id:%zz"),
            Encode("%:secret"),
            Encode("id:\0"),
            Convert.ToBase64String([.. "id:"u8, 0xff]),
            Convert.ToBase64String([0xc3, .. ":secret"u8]),
        ];

    [Theory, MemberData(nameof(Broken))]
    public void What_cannot_be_read_is_requested_and_nobody(string credentials)
    {
        var presented = Read("Basic " + credentials);
        Assert.True(presented.IsRequested);
        Assert.Null(presented.ClientId);
        Assert.Null(presented.Proof);
    }

    [Fact]
    public void It_does_not_print_the_secret() =>
        Assert.DoesNotContain("hidden", Read("Basic " + Encode("id:hidden")).ToString(), StringComparison.Ordinal);

    private static PresentedClient Read(string? header) => ClientSecretBasic.Read(new HeaderDictionary { ["Authorization"] = header });

    private static string Encode(string pair) => Convert.ToBase64String(Encoding.UTF8.GetBytes(pair));
}
