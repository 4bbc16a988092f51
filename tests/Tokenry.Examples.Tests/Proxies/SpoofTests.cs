using Tokenry.Examples.Tests.Support;

namespace Tokenry.Examples.Tests.Proxies;

/// <summary>Abuse case A18: a client speaks the headers that only the proxy and Tokenry may speak, and nothing comes of it.</summary>
public sealed class SpoofTests(SharedExamples examples)
{
    private static readonly string[] Identity =
    [
        "X-Tokenry-Subject",
        "X-Tokenry-Kind",
        "X-Tokenry-Credential",
        "X-Tokenry-Application",
        "X-Tokenry-Organization",
        "X-Tokenry-Scopes",
        "X-Tokenry-Objects",
        "X-Tokenry-Jwt",
    ];

    /// <summary>How a header can be spelt so that some API takes it for the one it is not.</summary>
    private static readonly Func<string, string[]>[] Spellings =
    [
        name => [$"{name}: evil"],
        name => [$"{name.ToLowerInvariant()}: evil"],
        name => [$"{name.ToUpperInvariant()}: evil"],
        name => [$"{name}: evil", $"{name}: evil"],
        name => [$"{name.Replace('-', '_')}: evil"],
        name => [$"{name.Replace("y-", "y_", StringComparison.Ordinal)}: evil"],
        name => [$"{name.Replace("X-", "X_", StringComparison.Ordinal)}: evil"],
        name => [$"{name}:evil"],
    ];

    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task No_identity_but_Tokenrys_reaches_the_API(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        string[] targets = ["/invoices", "/invoices/1001", "/whoami"];
        foreach (var spelling in Spellings)
        {
            foreach (
                var (target, connection) in targets.Zip(["close", $"close, {string.Join(", ", Identity)}", "close, Authorization-Info"])
            )
            {
                var request = new RawRequest("GET", target)
                {
                    Headers = [.. Identity.SelectMany(spelling), $"X-API-Key: {example["API_KEY"]}"],
                    Connection = connection,
                };
                Assert.Equal(200, (await request.SendAsync(example.Proxy)).Status);
                var seen = Assert.Single(example.Seen(request.TestId));
                Assert.DoesNotContain(seen.Headers.SelectMany(header => header.Value), value => value.Contains("evil"));
                Assert.Equal(example["CLIENT_ID"], seen.Header("X-Tokenry-Subject"));
                Assert.Equal("api_key", seen.Header("X-Tokenry-Kind"));
                Assert.Equal("invoices:read", seen.Header("X-Tokenry-Scopes"));
                Assert.Equal("", seen.Header("X-Tokenry-Organization"));
                Assert.Equal("", seen.Header("X-Tokenry-Objects"));
                Assert.All(seen.Headers, header => Assert.Single(header.Value));
            }
        }
    }

    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task No_header_changes_what_is_asked_for(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        string[] targets = ["X-Original-URI", "X-Original-URL", "X-Forwarded-Uri", "X-Rewrite-URL", "X-Forwarded-Prefix"];
        string[] methods = ["X-Forwarded-Method", "X-Original-Method", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"];
        foreach (var spell in new Func<string, string>[] { name => name, name => name.ToLowerInvariant(), name => name.Replace('-', '_') })
        {
            string[] spoofed =
            [
                .. targets.Select(name => $"{spell(name)}: /invoices/1001?x"),
                .. methods.Select(name => $"{spell(name)}: GET"),
            ];
            var write = new RawRequest("POST", "/invoices")
            {
                Headers = [$"X-API-Key: {example["API_KEY"]}", .. spoofed],
                Body = """{"id":"9002","customer":"x","amount":1}""",
            };
            Assert.Equal(403, (await write.SendAsync(example.Proxy)).Status);
            Assert.Empty(example.Seen(write.TestId));

            var other = new RawRequest("GET", "/invoices/1002") { Headers = [$"X-API-Key: {example["ONE_INVOICE_KEY"]}", .. spoofed] };
            Assert.Equal(403, (await other.SendAsync(example.Proxy)).Status);
            Assert.Empty(example.Seen(other.TestId));

            // A credential for the query, in a target of the client's own.
            var query = targets.Select(name => $"{spell(name)}: /reports?api_key={example["REPORTS_KEY"]}");
            var reports = new RawRequest("GET", "/reports") { Headers = [.. query] };
            Assert.Equal(401, (await reports.SendAsync(example.Proxy)).Status);

            // What an API might take for the method or the path does not reach it.
            var read = new RawRequest("GET", "/invoices/1001") { Headers = [$"X-API-Key: {example["API_KEY"]}", .. spoofed] };
            Assert.Equal(200, (await read.SendAsync(example.Proxy)).Status);
            var seen = Assert.Single(example.Seen(read.TestId));
            Assert.DoesNotContain(targets.Concat(methods), name => seen.Header(name).Length > 0);
        }
    }

    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task No_header_changes_where_a_request_comes_from(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        var there = await example.ApiKeyAsync(new { allowed_ips = new[] { "203.0.113.0/24" } });
        var here = await example.ApiKeyAsync(new { allowed_ips = new[] { "127.0.0.1" } });
        string[] names =
        [
            "X-Forwarded-For",
            "x-forwarded-for",
            "X_Forwarded_For",
            "X-Real-IP",
            "X-Client-IP",
            "Forwarded",
            "True-Client-IP",
        ];
        string[] spoofed =
        [
            .. names.Select(name => name == "Forwarded" ? "Forwarded: for=203.0.113.9" : $"{name}: 203.0.113.9"),
            "X-Forwarded-For: 203.0.113.9, 127.0.0.1",
        ];
        foreach (var connection in new[] { "close", "close, X-Forwarded-For, X-Forwarded-Uri, X-Forwarded-Method, X-Original-URI" })
        {
            var refused = new RawRequest("GET", "/invoices")
            {
                Headers = [$"X-API-Key: {there.Secret}", .. spoofed],
                Connection = connection,
            };
            Assert.Equal(401, (await refused.SendAsync(example.Proxy)).Status);
            var taken = new RawRequest("GET", "/invoices") { Headers = [$"X-API-Key: {here.Secret}", .. spoofed], Connection = connection };
            Assert.Equal(200, (await taken.SendAsync(example.Proxy)).Status);
            Assert.Equal("127.0.0.1", Assert.Single(example.Seen(taken.TestId)).Header("X-Forwarded-For"));
        }
    }
}
