using Tokenry.Examples.Tests.Support;

namespace Tokenry.Examples.Tests.Proxies;

/// <summary>What the door refuses, the client gets as the door said it: status, the whole challenge, when to come again.</summary>
public sealed class RefusalTests(SharedExamples examples)
{
    private const string Bearer = "Bearer realm=\"tokenry\"";
    private const string Basic = ", Basic realm=\"tokenry\", charset=\"UTF-8\"";
    private const string Dpop = ", DPoP algs=\"ES256 PS256 RS256\"";
    private const string Body = """{"id":"9001","customer":"x","amount":1}""";

    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task Status_and_challenge_are_relayed_whole(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        var (key, pat, one) = (example["API_KEY"], example["PAT"], example["ONE_INVOICE_KEY"]);
        var apis = await example.Admin.GetAsync("/v1/api-resources").Expect(200);
        var api = apis
            .Json.GetProperty("items")
            .EnumerateArray()
            .Single(item => item.GetProperty("identifier").GetString() == Questions.Api)
            .GetProperty("id")
            .GetString();
        var revoked = await example.ApiKeyAsync();
        await example.Admin.DeleteAsync($"/v1/api-keys/{revoked.Id}").Expect(204);
        string About(string scope) =>
            $"scope=\"{scope}\", resource_metadata=\"{example["TOKENRY"]}/.well-known/oauth-protected-resource/{api}\"";
        (RawRequest Request, string Question, int Status, string Challenge)[] refusals =
        [
            (Get("/invoices/1001"), Questions.ReadOne, 401, $"{Bearer}, {About("invoices:read")}{Basic}{Dpop}"),
            (
                Get("/invoices/1001", $"X-API-Key: {revoked.Secret}"),
                Questions.ReadOne,
                401,
                $"{Bearer}, error=\"invalid_token\", {About("invoices:read")}{Basic}{Dpop}"
            ),
            (
                Get("/invoices/1001", "X-API-Key: tkr_key_nonsense"),
                Questions.ReadOne,
                401,
                $"{Bearer}, error=\"invalid_token\", {About("invoices:read")}{Basic}{Dpop}"
            ),
            (
                Get("/invoices/1001", "Authorization: Digest x"),
                Questions.ReadOne,
                401,
                $"{Bearer}, error=\"invalid_token\", {About("invoices:read")}{Basic}{Dpop}"
            ),
            (
                Get("/invoices/1001", $"X-API-Key: {key}", $"Authorization: Bearer {pat}"),
                Questions.ReadOne,
                400,
                $"{Bearer}, error=\"invalid_request\"{Basic}"
            ),
            (
                Get("/invoices/1001", $"X-API-Key: {key}", $"X-API-Key: {key}"),
                Questions.ReadOne,
                400,
                $"{Bearer}, error=\"invalid_request\"{Basic}"
            ),
            (
                Get("/invoices", $"X-API-Key: {key}") with
                {
                    Method = "POST",
                    Body = Body,
                },
                Questions.Write,
                403,
                $"{Bearer}, error=\"insufficient_scope\", {About("invoices:write")}{Basic}"
            ),
            (
                Get("/invoices/1002", $"X-API-Key: {one}"),
                Questions.ReadOther,
                403,
                $"{Bearer}, error=\"insufficient_scope\", error_description=\"limited to other objects\"{Basic}"
            ),
        ];
        foreach (var (request, question, status, challenge) in refusals)
        {
            var answer = await request.SendAsync(example.Proxy);
            Assert.Equal(status, answer.Status);
            Assert.Equal([challenge], answer.Lines("WWW-Authenticate"));
            Assert.Empty(example.Seen(request.TestId));
            var direct = await new RawRequest("GET", question) { Headers = request.Headers }.SendAsync(example["TOKENRY"]);
            Assert.Equal((status, challenge), (direct.Status, direct.Header("WWW-Authenticate")));
        }
    }

    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task Rate_limits_are_told_on_success_and_refusal(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        var key = await example.ApiKeyAsync(
            new
            {
                rate_limits = new[]
                {
                    new
                    {
                        name = "daily",
                        limit = 2,
                        window_seconds = 86_400,
                    },
                },
            }
        );
        for (var left = 1; left >= 0; left--)
        {
            var answer = await Get("/invoices", $"X-API-Key: {key.Secret}").SendAsync(example.Proxy);
            Assert.Equal(200, answer.Status);
            Assert.Equal("\"daily\";q=2;w=86400", answer.Header("RateLimit-Policy"));
            Assert.StartsWith($"\"daily\";r={left};t=", answer.Header("RateLimit"));
        }

        var refused = Get("/invoices", $"X-API-Key: {key.Secret}");
        var limited = await refused.SendAsync(example.Proxy);
        Assert.Equal(429, limited.Status);
        Assert.InRange(int.Parse(Assert.Single(limited.Lines("Retry-After"))), 1, 86_400);
        Assert.Equal(["\"daily\";q=2;w=86400"], limited.Lines("RateLimit-Policy"));
        Assert.StartsWith("\"daily\";r=0;t=", Assert.Single(limited.Lines("RateLimit")));
        Assert.Empty(example.Seen(refused.TestId));

        // Without limits nothing is said, not even a placeholder.
        var free = await Get("/invoices", $"X-API-Key: {example["API_KEY"]}").SendAsync(example.Proxy);
        Assert.Equal((200, null, null), (free.Status, free.Header("RateLimit"), free.Header("RateLimit-Policy")));
    }

    [Theory, InlineData("nginx"), InlineData("caddy")]
    public async Task What_the_configuration_does_not_name_is_not_there(string proxy)
    {
        var example = await examples.GetAsync(proxy);
        foreach (var target in new[] { "/", "/internal/accounts", "/invoices/", "/invoices/1001/lines", "/v1/forward-auth", "/_tokenry" })
        {
            var request = Get(target, $"X-API-Key: {example["PAT"]}");
            var answer = await request.SendAsync(example.Proxy);
            Assert.Equal((target, 404), (target, answer.Status));
            Assert.Empty(example.Seen(request.TestId));
        }
    }

    private static RawRequest Get(string target, params string[] headers) => new("GET", target) { Headers = headers };
}
