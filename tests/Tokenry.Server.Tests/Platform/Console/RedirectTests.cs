using Tokenry.Server.Platform.Console;

namespace Tokenry.Server.Tests.Platform.Console;

/// <summary>A redirect stays on this server, whatever a form or a link says.</summary>
public sealed class RedirectTests
{
    [Theory]
    [InlineData("account/tokens", true)]
    [InlineData("credentials?kind=api_key&owner=usr_1", true)]
    [InlineData("", true)]
    [InlineData("/evil.example", false)]
    [InlineData("//evil.example", false)]
    [InlineData("https://evil.example", false)]
    [InlineData("javascript:alert(1)", false)]
    [InlineData("\\\\evil.example", false)]
    [InlineData("account/../../x", false)]
    [InlineData("a\r\nSet-Cookie: x=1", false)]
    public void Only_addresses_below_the_base_are_followed(string address, bool isOwn) => Assert.Equal(isOwn, Redirect.IsOwn(address));
}
