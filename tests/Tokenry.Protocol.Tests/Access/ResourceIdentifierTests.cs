using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Access;

namespace Tokenry.Protocol.Tests.Access;

/// <summary>C.4: which spellings name one API resource (RFC 3986 §6.2.2.1 and §6.2.3, for scheme and host).</summary>
public sealed class ResourceIdentifierTests
{
    [Theory]
    [InlineData("https://api.example.com", "https://api.example.com", true)]
    [InlineData("https://api.example.com", "HTTPS://api.example.com", true)]
    [InlineData("https://api.example.com", "https://API.Example.COM", true)]
    [InlineData("https://api.example.com", "https://api.example.com:443", true)]
    [InlineData("https://api.example.com", "https://api.example.com:", true)]
    [InlineData("https://api.example.com", "https://api.example.com/", true)]
    [InlineData("https://api.example.com/", "https://api.example.com", true)]
    [InlineData("https://api.example.com/", "HTTPS://API.example.com:443/", true)]
    [InlineData("http://api.example.com:80/a", "http://api.example.com/a", true)]
    [InlineData("https://[2001:DB8::1]:443", "https://[2001:db8::1]", true)]
    [InlineData("URN:example:a", "urn:example:a", true)]
    [InlineData("https://api.example.com/mcp", "https://API.example.com/mcp", true)]
    [InlineData("https://api.example.com", "http://api.example.com", false)]
    [InlineData("https://api.example.com", "https://api.example.com:80", false)]
    [InlineData("https://api.example.com", "https://api.example.com:8443", false)]
    [InlineData("https://api.example.com", "https://api.example.com.", false)]
    [InlineData("https://api.example.com", "https://api.example.com//", false)]
    [InlineData("https://api.example.com", "https://api.example.com/?", false)]
    [InlineData("https://api.example.com/mcp", "https://api.example.com/mcp/", false)]
    [InlineData("https://api.example.com/mcp", "https://api.example.com/MCP", false)]
    [InlineData("https://api.example.com/%2f", "https://api.example.com/%2F", false)]
    [InlineData("https://api.example.com/a/../b", "https://api.example.com/b", false)]
    [InlineData("https://User@api.example.com", "https://user@api.example.com", false)]
    [InlineData("urn:example:a", "urn:Example:a", false)]
    [InlineData("custom://host:443", "custom://host", false)]
    public void Spellings(string identifier, string other, bool areSame)
    {
        Assert.Equal(areSame, ResourceIdentifier.AreSame(identifier, other));
        Assert.Equal(areSame, ResourceIdentifier.AreSame(other, identifier));
    }

    [Fact]
    public void The_normal_form_is_its_own_and_no_text_makes_it_throw() =>
        Prop.ForAll<string?>(text =>
            {
                var normal = ResourceIdentifier.Normalize(text ?? "");
                return ResourceIdentifier.Normalize(normal) == normal;
            })
            .QuickCheckThrowOnFailure();
}
