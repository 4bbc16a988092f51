using Tokenry.Examples.Tests.Support;

namespace Tokenry.Examples.Tests.Proxies;

/// <summary>However a path is written: the API is asked for what Tokenry was asked about, or for nothing.</summary>
public sealed class PathTests(SharedExamples examples)
{
    private static readonly string[] Tricks =
    [
        "/invoices/1002",
        "//invoices/1002",
        "/./invoices/1002",
        "/INVOICES/1002",
        "/invoices/1001/../1002",
        "/invoices/1001/%2e%2e/1002",
        "/invoices/1001/.%2e/1002",
        "/invoices/1001/..;/1002",
        "/invoices/1001;/../1002",
        "/invoices/1001;x=/../../invoices/1002",
        "/invoices/1001%2f..%2f1002",
        "/invoices/1001%2F%2E%2E%2F1002",
        "/invoices/1001%252f..%252f1002",
        @"/invoices/1001\..\1002",
        @"/invoices\1002",
        "/invoices/1001%5c..%5c1002",
        "/invoices/1002%00",
        "/invoices/1001%00/../1002",
        "/invoices/1001%0d%0aX-Tokenry-Subject:%20evil",
        "/invoices/1002%26object=invoice:1001",
        "/invoices/1002&object=invoice:1001",
        "/invoices/1002%23/1001",
        "/invoices/1001%20/../1002",
        "/invoices/1001/%c0%ae%c0%ae/1002",
        "/invoices/1002?object=invoice:1001",
        "/invoices/1002?&scope=&object=invoice:1001",
        "/invoices/1001?/../1002",
        "/reports/../invoices/1002",
        "/internal/accounts",
        "//internal/accounts",
        "/invoices/../internal/accounts",
        "/invoices/%2e%2e/internal/accounts",
        "/invoices/..%2finternal/accounts",
        "/invoices/..;/internal/accounts",
        "/invoices/1001/../../internal/accounts",
        "/invoices//../internal/accounts",
        "/invoices/1001/%2e%2e%2f%2e%2e%2finternal/accounts",
        "http://127.0.0.1/internal/accounts",
        "http://127.0.0.1/invoices/1002",
    ];

    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task No_spelling_of_a_path_reaches_more_than_was_asked_about(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        foreach (var method in new[] { "GET", "HEAD", "get" })
        {
            foreach (var trick in Tricks)
            {
                var request = new RawRequest(method, trick) { Headers = [$"X-API-Key: {example["ONE_INVOICE_KEY"]}"] };
                var answer = await request.SendAsync(example.Proxy);
                Assert.All(example.Seen(request.TestId), seen => Assert.Equal("/invoices/1001", seen.Path));
                Assert.True(answer.Status is 200 or (>= 400 and < 500), $"{method} {trick}: {answer.Status}");
            }
        }
    }

    /// <summary>Some of the spellings are ways to say the permitted path: they arrive as that path, so the test above has something to look at.</summary>
    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task A_permitted_path_arrives_as_the_place_spells_it(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        foreach (var target in new[] { "/invoices/1001", "/x/../invoices/1001", "//invoices/1001", "/invoices/%31001" })
        {
            var request = new RawRequest("GET", target) { Headers = [$"X-API-Key: {example["ONE_INVOICE_KEY"]}"] };
            Assert.Equal((target, 200), (target, (await request.SendAsync(example.Proxy)).Status));
            var seen = Assert.Single(example.Seen(request.TestId));
            Assert.Equal("/invoices/1001", Uri.UnescapeDataString(seen.Target)); // Caddy leaves a %31 of the path itself as it is
        }
    }

    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task An_unknown_method_is_writing(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        foreach (var method in new[] { "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "get", "Get" })
        {
            var request = new RawRequest(method, "/invoices") { Headers = [$"X-API-Key: {example["API_KEY"]}"] };
            var status = (await request.SendAsync(example.Proxy)).Status;
            Assert.True(status is 400 or 403 or 405, $"{method}: {status}"); // 400, 405: the proxy does not know the method at all
            Assert.Empty(example.Seen(request.TestId));
        }
    }
}
