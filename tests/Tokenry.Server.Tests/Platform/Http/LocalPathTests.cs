using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Tests.Platform.Http;

public sealed class LocalPathTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/account/security")]
    [InlineData("/account/tokens/new?name=ci&scopes=a%20b#form")]
    public void A_page_of_this_server_is_one(string path) => Assert.Equal(path, LocalPath.Or(path, "/other"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("account")]
    [InlineData("//evil.example.com")]
    [InlineData("///evil.example.com")]
    [InlineData("/\\evil.example.com")]
    [InlineData("\\\\evil.example.com")]
    [InlineData("/\t/evil.example.com")]
    [InlineData("/\r\nSet-Cookie: a=b")]
    [InlineData("https://evil.example.com")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/ /evil")]
    [InlineData("/é")]
    public void Anything_else_is_not(string? path) => Assert.Equal("/other", LocalPath.Or(path, "/other"));

    [Fact]
    public void Not_if_it_is_very_long() => Assert.Equal("/other", LocalPath.Or("/" + new string('a', 2000), "/other"));
}
