using Tokenry.Protocol.Proofs;

namespace Tokenry.Protocol.Tests.Proofs;

/// <summary>The values of the derived components (RFC 9421 §2.2) and of fields (§2.1).</summary>
public sealed class HttpMessageTests
{
    [Theory]
    [InlineData("/path?a=b&c", "/path", "?a=b&c")]
    [InlineData("/path", "/path", "?")]
    [InlineData("/path?", "/path", "?")]
    [InlineData("/", "/", "?")]
    [InlineData("", "/", "?")]
    [InlineData("?a", "/", "?a")]
    [InlineData("/a?b?c", "/a", "?b?c")]
    [InlineData("/%7Ea/%2f/../B//c", "/%7Ea/%2f/../B//c", "?")]
    [InlineData("/a?q=%20+%C3%A9", "/a", "?q=%20+%C3%A9")]
    public void Path_and_query_stay_as_they_were_sent(string target, string path, string query)
    {
        var message = Message(target: target);
        Assert.Equal((path, query), (message.Path, message.Query));
        Assert.Equal(
            $"\"@path\": {path}\n\"@query\": {query}\n\"@signature-params\": (\"@path\" \"@query\")",
            MessageForge.Base(message, "s=(\"@path\" \"@query\")")
        );
    }

    [Theory]
    [InlineData("https", "api.example.com", "api.example.com")]
    [InlineData("https", "API.Example.COM", "api.example.com")]
    [InlineData("https", "api.example.com:443", "api.example.com")]
    [InlineData("HTTPS", "api.example.com:443", "api.example.com")]
    [InlineData("http", "api.example.com:80", "api.example.com")]
    [InlineData("http", "api.example.com:443", "api.example.com:443")]
    [InlineData("https", "api.example.com:80", "api.example.com:80")]
    [InlineData("https", "api.example.com:8443", "api.example.com:8443")]
    [InlineData("https", "[::1]:443", "[::1]")]
    [InlineData("https", "[::443]", "[::443]")]
    public void The_authority_is_in_lower_case_without_the_usual_port(string scheme, string authority, string normal)
    {
        var message = Message(scheme, authority);
        Assert.Equal(normal, message.Authority);
        Assert.Equal($"{scheme.ToLowerInvariant()}://{normal}/x?y", message.TargetUri);
        Assert.Equal(
            $"\"@scheme\": {message.Scheme}\n\"@target-uri\": {message.TargetUri}\n\"@signature-params\": (\"@scheme\" \"@target-uri\")",
            MessageForge.Base(message, "s=(\"@scheme\" \"@target-uri\")")
        );
    }

    [Theory]
    [InlineData("https://a/", "")]
    [InlineData("https://a/?", "?")]
    [InlineData("https://a/?x", "?x")]
    [InlineData("https://a/?", "/?")]
    public void A_target_uri_has_a_path(string uri, string target) => Assert.Equal(uri, Message(authority: "a", target: target).TargetUri);

    [Theory]
    [InlineData("1", "1")]
    [InlineData(" \t1 2\t ", "1 2")]
    [InlineData("", "")]
    [InlineData("a,b|c", "a,b, c")]
    [InlineData(" a |\tb", "a, b")]
    [InlineData("a||b", "a, , b")]
    [InlineData("a\tb", "a\tb")]
    public void Lines_of_a_field_are_trimmed_and_joined(string lines, string value)
    {
        var message = new HttpMessage("GET", "https", "a", "/", name => name == "x-a" ? lines.Split('|') : [], body: null);
        Assert.Equal($"\"x-a\": {value}\n\"@signature-params\": (\"x-a\")", MessageForge.Base(message, "s=(\"x-a\")"));
    }

    [Theory]
    [InlineData("GE T", "a", "/")]
    [InlineData("GET\n\"@path\": /b", "a", "/")]
    [InlineData("", "a", "/")]
    [InlineData("GET", "a\n", "/")]
    [InlineData("GET", "a", "/é")]
    [InlineData("GET", "a", "/a b")]
    [InlineData("GET", "a", "/a\r")]
    public void A_request_line_that_is_none_has_no_base(string method, string authority, string target)
    {
        var message = new HttpMessage(method, "https", authority, target, _ => [], body: null);
        Assert.Null(MessageForge.Base(message, "s=(\"@method\" \"@authority\" \"@path\" \"@query\")"));
    }

    private static HttpMessage Message(string scheme = "https", string authority = "api.example.com", string target = "/x?y") =>
        new("GET", scheme, authority, target, _ => [], body: null);
}
