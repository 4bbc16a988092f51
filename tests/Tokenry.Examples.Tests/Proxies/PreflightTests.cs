using Tokenry.Examples.Tests.Support;

namespace Tokenry.Examples.Tests.Proxies;

/// <summary>B.5 and C.4: what a client must get without a credential reaches who answers it, and nothing else does.</summary>
public sealed class PreflightTests(SharedExamples examples)
{
    private const string Origin = "Origin: https://app.example.com";
    private const string Method = "Access-Control-Request-Method: GET";

    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task B5_a_preflight_reaches_the_API_without_a_credential(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        foreach (
            var (target, path) in new[]
            {
                ("/invoices", "/invoices"),
                ("/invoices/1001", "/invoices/1001"),
                ("//invoices/1001?x=1", "/invoices/1001"),
            }
        )
        {
            var request = new RawRequest("OPTIONS", target)
            {
                Headers = [Origin, Method, "X-Tokenry-Subject: evil", $"X-API-Key: {example["API_KEY"]}"],
            };
            var answer = await request.SendAsync(example.Proxy);
            Assert.Equal((target, 204), (target, answer.Status));
            Assert.Equal("https://app.example.com", answer.Header("Access-Control-Allow-Origin"));
            var seen = Assert.Single(example.Seen(request.TestId));
            Assert.Equal(("OPTIONS", path), (seen.Method, seen.Path));
            Assert.DoesNotContain(seen.Headers.Keys, name => name.Contains("tokenry", StringComparison.OrdinalIgnoreCase));
            Assert.DoesNotContain("X-API-Key", seen.Headers.Keys, StringComparer.OrdinalIgnoreCase);
        }
    }

    /// <summary>Anything else with that method is a request like every other, and so is a place that does not say so.</summary>
    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task B5_what_is_no_preflight_is_asked_about(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        foreach (
            var (method, target, headers) in new (string, string, string[])[]
            {
                ("OPTIONS", "/invoices", []),
                ("OPTIONS", "/invoices", [Origin]),
                ("OPTIONS", "/invoices", [Method]),
                ("GET", "/invoices", [Origin, Method]),
                ("POST", "/invoices/1001", [Origin, Method]),
                ("OPTIONS", "/whoami", [Origin, Method]),
                ("OPTIONS", "/internal/accounts", [Origin, Method]),
                ("OPTIONS", "/invoices/../internal/accounts", [Origin, Method]),
            }
        )
        {
            var request = new RawRequest(method, target) { Headers = headers };
            var answer = await request.SendAsync(example.Proxy);
            Assert.True(answer.Status is 401 or 404 or 405, $"{method} {target}: {answer.Status}");
            Assert.Empty(example.Seen(request.TestId));
        }
    }

    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task C4_the_metadata_is_at_the_APIs_own_host(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        var answer = await new RawRequest("GET", "/.well-known/oauth-protected-resource").SendAsync(example.Proxy);
        Assert.Equal(200, answer.Status);
        Assert.Contains($"\"resource\":\"{Questions.Api}\"", answer.Body, StringComparison.Ordinal);
        Assert.Contains($"\"authorization_servers\":[\"{example["TOKENRY"]}\"]", answer.Body, StringComparison.Ordinal);
        var others = await new RawRequest("GET", $"/.well-known/oauth-protected-resource?resource={Questions.Reports}").SendAsync(
            example.Proxy
        );
        Assert.DoesNotContain(Questions.Reports, others.Body, StringComparison.Ordinal);
    }
}
