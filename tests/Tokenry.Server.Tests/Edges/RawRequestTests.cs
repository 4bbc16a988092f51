using System.Text;
using Tokenry.Server.Tests.Platform.Http;

namespace Tokenry.Server.Tests.Edges;

/// <summary>
/// Requests on which servers and proxies disagree, to the byte, and what exactly becomes of each (security F7, §2 rows 23, 39 and 48).
/// <c>EdgeTests</c> has those that are simply 400; here is what could end up elsewhere than its sender was allowed to go.
/// </summary>
[Collection(EdgeCollection.Name)]
public sealed class RawRequestTests(EdgeServer edge, SharedServers servers)
{
    private const string Form = "Content-Type: application/x-www-form-urlencoded";

    /// <summary>Two readings of where a body ends are how one request hides another (CVE-2025-55315 and its kin).</summary>
    [Theory]
    [InlineData("Content-Length: 4|Transfer-Encoding: chunked", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked|Content-Length: 4", "0\r\n\r\n")]
    [InlineData("Content-Length: 0|Transfer-Encoding: chunked", "0\r\n\r\n")]
    [InlineData("Content-Length: 5|Content-Length: 5", "a=1&b")]
    [InlineData("Content-Length: 5|Content-Length: 6", "a=1&b")]
    [InlineData("Content-Length: 5, 5", "a=1&b")]
    [InlineData("Content-Length: -5", "a=1&b")]
    [InlineData("Content-Length: +5", "a=1&b")] // B.7: Kestrel takes the sign
    [InlineData("Content-Length: 5.0", "a=1&b")]
    [InlineData("Content-Length: 5e0", "a=1&b")]
    [InlineData("Content-Length: ٥", "a=1&b")]
    [InlineData("Content-Length: 000000000000000000005", "a=1&b")] // longer than any length
    [InlineData("Content-Length:", "a=1&b")]
    [InlineData("Content-Length: 0x5", "a=1&b")]
    [InlineData("Content-Length: 99999999999999999999", "a=1&b")]
    [InlineData("Transfer-Encoding: identity", "a=1&b")]
    [InlineData("Transfer-Encoding: xchunked", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: x, chunked", "0\r\n\r\n")] // B.7: Kestrel looks at the last alone
    [InlineData("Transfer-Encoding: gzip, chunked", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked, chunked", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked|Transfer-Encoding: chunked", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: gzip|Transfer-Encoding: chunked", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked;q=1", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: , chunked", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked, identity", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding : chunked", "0\r\n\r\n")]
    [InlineData(" Transfer-Encoding: chunked", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "5;a\nb\r\na=1&b\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "5\na=1&b\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "-5\r\na=1&b\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "0x5\r\na=1&b\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "FFFFFFFFFFFFFFFF5\r\na=1&b\r\n0\r\n\r\n")] // was a 500
    [InlineData("Transfer-Encoding: chunked", "80000000\r\na=1&b\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked", "5\r\na=1&bXX0\r\n\r\n")]
    public async Task A_body_with_two_ends_is_400_and_what_follows_it_is_no_request(string lines, string body)
    {
        var head = string.Join("\r\n", ["POST /oauth/token HTTP/1.1", "Host: edge.example.com", Form, .. lines.Split('|')]);
        var hidden = "GET /.well-known/jwks.json HTTP/1.1\r\nHost: edge.example.com\r\nConnection: close\r\n\r\n";
        var response = await RawHttp.SendAsync(edge.Admin, Encoding.Latin1.GetBytes($"{head}\r\n\r\n{body}{hidden}"));
        Assert.Equal(400, response.Status);
        Assert.DoesNotContain("HTTP/1.1", response.Body, StringComparison.Ordinal); // one answer, and the end
        Assert.DoesNotContain("\"keys\"", response.Body, StringComparison.Ordinal);
    }

    /// <summary>A good body lets the next request through: the test above would see a hidden one.</summary>
    [Fact]
    public async Task A_body_with_one_end_lets_the_next_request_through()
    {
        var request = $"POST /oauth/token HTTP/1.1\r\nHost: h\r\n{Form}\r\nContent-Length: 5\r\n\r\na=1&b";
        var next = "GET /.well-known/jwks.json HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        var response = await RawHttp.SendAsync(edge.Admin, Encoding.Latin1.GetBytes(request + next));
        Assert.Contains("\"keys\"", response.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /health/live HTTP/1.1\nHost: h\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: h\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: h\r\nX-A: b\nAuthorization: Bearer x\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: h\r\nX-A: b\rAuthorization: Bearer x\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: h\r\nConnection: close\n\n", 400)]
    [InlineData("GET /health/live HTTP/1.0\r\n\r\n", 200)] // RFC 9112 §3.2 asks Host of HTTP/1.1 alone, and nothing here is built from it
    [InlineData("GET /v1/me HTTP/1.0\r\n\r\n", 401)]
    [InlineData("GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: a\r\nHost: a\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: a/b@c\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: h\r\nX-A: b\r\n c\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: h\r\nX A: b\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: h\r\n: b\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: h\r\nno colon\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET  /health/live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /health/live  HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 200)] // RFC 9112 §3 allows to be lenient
    [InlineData("GET /health/live\r\nHost: h\r\n\r\n", 400)]
    [InlineData("G\u0001T /health/live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /health/\0live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /health/%00live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("get /health/live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 200)] // to routing, methods have no case
    public async Task What_a_line_is_is_not_a_matter_of_taste(string request, int status)
    {
        var response = await RawHttp.SendAsync(edge.Admin, Encoding.Latin1.GetBytes(request));
        Assert.Equal(status, response.Status);
    }

    /// <summary>Whatever a path is written like, it opens what it is routed to, and that asks for a credential.</summary>
    [Theory]
    [InlineData("/v1/%2e%2e/health/live", 200)] // it is /health/live, and so public
    [InlineData("/v1/../health/live", 200)]
    [InlineData("/health/%2e%2e/v1/me", 401)]
    [InlineData("/health/live/../../v1/me", 401)]
    [InlineData("/health/live/%2E%2E/%2e%2e/v1/users", 401)]
    [InlineData("/../../../v1/me", 401)]
    [InlineData("/v1/./me", 401)]
    [InlineData("/V1/ME", 401)]
    [InlineData("/v1/m%65", 401)]
    [InlineData("/v1/me/", 401)]
    [InlineData("/v1/me%2f", 404)]
    [InlineData("/v1%2fme", 404)]
    [InlineData("/health/live;/v1/me", 404)]
    [InlineData("/health/live%2f..%2f..%2fv1%2fme", 404)]
    [InlineData("/health/live%5c..%5c..%5cv1%5cme", 404)]
    [InlineData("/health/live\\..\\..\\v1\\me", 404)]
    [InlineData("/v1/%252e%252e/health/live", 404)]
    [InlineData("/v1/me?/health/live", 401)]
    [InlineData("//v1/me", 404)]
    [InlineData("/v1//me", 404)]
    [InlineData("http://edge.example.com/v1/me", 401)]
    [InlineData("http://edge.example.com/health/live", 200)]
    [InlineData("http://evil.example.com/v1/me", 400)] // not the Host that the request names
    [InlineData("https://edge.example.com/health/live", 200)]
    [InlineData("ftp://edge.example.com/health/live", 400)]
    [InlineData("edge.example.com:80", 405)] // for CONNECT alone
    [InlineData("*", 405)] // for OPTIONS alone
    [InlineData("health/live", 400)]
    public async Task A_path_opens_what_it_is_routed_to(string target, int status)
    {
        var request = $"GET {target} HTTP/1.1\r\nHost: edge.example.com\r\nConnection: close\r\n\r\n";
        Assert.Equal(status, (await RawHttp.SendAsync(edge.Admin, Encoding.Latin1.GetBytes(request))).Status);
    }

    /// <summary>CVE-2026-40575: what a proxy would rewrite by has no meaning here.</summary>
    [Theory]
    [InlineData("X-Original-URL: {0}")]
    [InlineData("X-Rewrite-URL: {0}")]
    [InlineData("X-Forwarded-Uri: {0}")]
    [InlineData("X-Forwarded-Path: {0}")]
    [InlineData("X-Forwarded-Prefix: {0}")]
    [InlineData("X-HTTP-Method-Override: HEAD")]
    [InlineData("X-Forwarded-Method: HEAD")]
    public async Task No_header_leads_elsewhere(string header)
    {
        var toPublic = await RawHttp.SendAsync(edge.Admin, "GET /v1/me HTTP/1.1", [string.Format(header, "/health/live")]);
        Assert.Equal(401, toPublic.Status);
        var fromPublic = await RawHttp.SendAsync(edge.Admin, "GET /health/live HTTP/1.1", [string.Format(header, "/v1/me")]);
        Assert.Equal(200, fromPublic.Status);
        Assert.NotEmpty(fromPublic.Body);
    }

    /// <summary>Row 23: only X-Forwarded-For itself, from a trusted proxy, says where a request comes from.</summary>
    [Theory]
    [InlineData("X-Forwarded-For: 198.51.100.7", true)]
    [InlineData("X-Forwarded-For: 203.0.113.9, 198.51.100.7", true)]
    [InlineData("X-Forwarded-For: 198.51.100.7|Connection: X-Forwarded-For", true)] // for the next hop to remove; there is none
    [InlineData("X-Forwarded-For: 203.0.113.9", false)]
    [InlineData("X-Forwarded-For: 198.51.100.7, 203.0.113.9", false)]
    [InlineData("X-Forwarded-For: 198.51.100.7|X-Forwarded-For: 203.0.113.9", false)]
    [InlineData("X-Forwarded-For: 203.0.113.9|X_Forwarded_For: 198.51.100.7", false)]
    [InlineData("X-Forwarded-For: 203.0.113.9|Connection: X-Forwarded-For", false)]
    [InlineData("X-Forwarded-For: 203.0.113.9|X-Real-IP: 198.51.100.7|True-Client-IP: 198.51.100.7", false)]
    [InlineData("X-Forwarded-For: 198.51.100.7, unknown", false)]
    [InlineData("X_Forwarded_For: 198.51.100.7", false)] // stripped on the way (CVE-2025-48865): then nobody knows
    [InlineData("X-Forwarded_For: 198.51.100.7", false)]
    [InlineData("Forwarded: for=198.51.100.7", false)]
    [InlineData("X-Client-IP: 198.51.100.7", false)]
    public async Task Only_one_header_of_a_listed_proxy_names_the_client(string lines, bool isAllowed)
    {
        var bound = await BoundAsync(edge.Admin, edge.Made.User.Id);
        var response = await RawHttp.SendAsync(edge.Admin, "GET /v1/me HTTP/1.1", [$"Authorization: Bearer {bound}", .. lines.Split('|')]);
        Assert.Equal(isAllowed ? 200 : 401, response.Status);
    }

    [Theory]
    [InlineData("X-Forwarded-For: 198.51.100.7")]
    [InlineData("X_Forwarded_For: 198.51.100.7")]
    [InlineData("Forwarded: for=198.51.100.7")]
    [InlineData("X-Real-IP: 198.51.100.7")]
    public async Task No_header_of_an_unlisted_peer_names_the_client(string line)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var user = await admin.CreateUserAsync([], new { password = (string?)null });
        var bound = await BoundAsync(admin, user.Id);
        Assert.Equal(401, (await RawHttp.SendAsync(admin, "GET /v1/me HTTP/1.1", [$"Authorization: Bearer {bound}", line])).Status);

        // Nor does the audit believe it.
        var deleting = $"DELETE /v1/users/{user.Id} HTTP/1.1";
        Assert.Equal(204, (await RawHttp.SendAsync(admin, deleting, [$"Authorization: Bearer {admin.Bearer}", line])).Status);
        var events = await admin.GetAsync($"/v1/audit?action=user.deleted&target={user.Id}").Expect(200);
        Assert.Equal("127.0.0.1", events.Json.GetProperty("items")[0].GetProperty("ip").GetString());
    }

    [Theory]
    [InlineData("X-API-Key: x|X-API-Key: x")]
    [InlineData("Idempotency-Key: a|Idempotency-Key: b")]
    [InlineData("Idempotency-Key: a|idempotency-key: a")]
    [InlineData("Content-Length: 12|Content-Length: 12")]
    public async Task A_header_that_decides_stands_once(string lines)
    {
        string[] all = [.. lines.Split('|'), "Content-Type: application/json"];
        if (!lines.StartsWith("X-API", StringComparison.Ordinal))
            all = [.. all, $"Authorization: Bearer {edge.Admin.Bearer}"];
        if (!lines.StartsWith("Content-Length", StringComparison.Ordinal))
            all = [.. all, "Content-Length: 12"];
        var response = await RawHttp.SendAsync(edge.Admin, "POST /v1/roles HTTP/1.1", all, """{"name":"x"}""");
        Assert.Equal(400, response.Status);
    }

    /// <summary>Two media types are none: the body is not read as either.</summary>
    [Fact]
    public async Task Two_content_types_are_415()
    {
        string[] lines =
        [
            $"Authorization: Bearer {edge.Admin.Bearer}",
            "Content-Type: application/json",
            "Content-Type: text/plain",
            "Content-Length: 2",
        ];
        Assert.Equal(415, (await RawHttp.SendAsync(edge.Admin, "POST /v1/roles HTTP/1.1", lines, "{}")).Status);
    }

    /// <summary>No address in any answer is built from what a request says of the host.</summary>
    [Fact]
    public async Task A_false_Host_comes_back_nowhere()
    {
        var name = CreateRequests.Unique("host");
        var role = $$"""{"name":"{{name}}","permissions":[]}""";
        (string Request, string Body)[] requests =
        [
            ("GET /.well-known/oauth-authorization-server", ""),
            ("GET /.well-known/jwks.json", ""),
            ("GET /openapi/v1.json", ""),
            ("GET /v1/users?limit=1", ""),
            ("GET /nowhere", ""),
            ("GET /v1/me/", ""),
            ("POST /v1/roles", role),
            ("POST /oauth/token", "a=1"),
        ];
        foreach (var (request, body) in requests)
        {
            var head = string.Join(
                "\r\n",
                $"{request} HTTP/1.1",
                "Host: evil.example.com:6666",
                "X-Forwarded-Host: evil.example.com",
                "X-Forwarded-Port: 6666",
                "X-Forwarded-Server: evil.example.com",
                "Forwarded: host=evil.example.com",
                "Origin: http://evil.example.com",
                "Referer: http://evil.example.com/",
                $"Authorization: Bearer {edge.Admin.Bearer}",
                request.Contains("oauth/token", StringComparison.Ordinal) ? Form : "Content-Type: application/json",
                $"Content-Length: {body.Length}",
                "Connection: close"
            );
            var response = await RawHttp.SendAsync(edge.Admin, Encoding.Latin1.GetBytes($"{head}\r\n\r\n{body}"));
            Assert.True(response.Status is 200 or 201 or 401 or 404, $"{request}: {response.Status}");
            Assert.Equal(request.StartsWith("POST /v1", StringComparison.Ordinal), response.Headers.ContainsKey("Location"));
            var whole = string.Join('\n', response.Headers.Select(header => $"{header.Key}: {header.Value}")) + response.Body;
            Assert.DoesNotContain("evil", whole, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("6666", whole, StringComparison.Ordinal);
        }
    }

    private static async Task<string> BoundAsync(ApiClient admin, string user) =>
        (await admin.CreatePersonalAccessTokenAsync(user, new { allowed_ips = new[] { "198.51.100.0/24" } })).Secret;
}
