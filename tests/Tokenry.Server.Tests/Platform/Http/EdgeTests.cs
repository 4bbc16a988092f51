namespace Tokenry.Server.Tests.Platform.Http;

/// <summary>Requests on which proxies and servers disagree, byte for byte (security F7, §2 rows 39 and 48).</summary>
public sealed class EdgeTests(SharedServers servers)
{
    [Theory]
    [InlineData("GET /v1/me HTTP/1.1")]
    [InlineData("POST /oauth/token HTTP/1.1")]
    [InlineData("POST /v1/verify HTTP/1.1")]
    public async Task Content_Length_with_Transfer_Encoding_is_400(string requestLine)
    {
        var server = await servers.AnonymousAsync(Engine.Sqlite);
        var response = await RawHttp.SendAsync(
            server,
            requestLine,
            ["Content-Type: application/x-www-form-urlencoded", "Content-Length: 4", "Transfer-Encoding: chunked"],
            "0\r\n\r\n"
        );
        Assert.Equal(400, response.Status);
    }

    [Theory]
    [InlineData("Host: evil.example.com")] // a second one
    [InlineData("Content-Length: 5")]
    [InlineData(" folded: line")]
    [InlineData("Spaced : x")]
    [InlineData("X-Nul: a\0b")]
    public async Task What_HTTP_forbids_is_400(string line)
    {
        var server = await servers.AnonymousAsync(Engine.Sqlite);
        var response = await RawHttp.SendAsync(server, "GET /health/live HTTP/1.1", ["Content-Length: 0", line]);
        Assert.Equal(400, response.Status);
    }

    /// <summary>Row 39: what a log or a backend could take for a line of its own never gets in.</summary>
    [Theory]
    [InlineData("Authorization: Bearer tkr_pat_\u0001x")]
    [InlineData("Authorization: Bearer x\u001b[2Jy")]
    [InlineData("User-Agent: a\u0007b")]
    [InlineData("X-Forwarded-For: 127.0.0.1\u000b")]
    [InlineData("X-API-Key: \u007fx")]
    [InlineData("Idempotency-Key: a\u001fb")]
    public async Task A_control_character_in_a_header_is_400(string line)
    {
        var server = await servers.AnonymousAsync(Engine.Sqlite);
        foreach (var request in new[] { "GET /v1/me HTTP/1.1", "POST /oauth/token HTTP/1.1", "GET /health/live HTTP/1.1" })
            Assert.Equal(400, (await RawHttp.SendAsync(server, request, [line, "Content-Length: 0"])).Status);
    }

    [Fact]
    public async Task A_tab_within_a_header_is_allowed()
    {
        var server = await servers.AnonymousAsync(Engine.Sqlite);
        Assert.Equal(200, (await RawHttp.SendAsync(server, "GET /health/live HTTP/1.1", ["User-Agent: a\tb"])).Status);
    }

    [Fact]
    public async Task Two_Authorization_headers_are_400_at_the_management_API()
    {
        var server = await servers.AnonymousAsync(Engine.Sqlite);
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var good = $"Authorization: Bearer {admin.Bearer}";
        foreach (var second in new[] { good, "authorization: Bearer x", "Authorization: Basic eDp5", "X-API-Key: x", "Authorization:" })
        {
            var response = await RawHttp.SendAsync(server, "GET /v1/me HTTP/1.1", [good, second]);
            Assert.Equal(400, response.Status);
            Assert.Equal("Bearer realm=\"tokenry\", error=\"invalid_request\"", response.Headers["WWW-Authenticate"]);
        }
    }

    [Theory]
    [InlineData("a=\u00e9")] // one byte 0xE9: not UTF-8
    [InlineData("a=\u00ff")]
    [InlineData("a=\u00c3\u00a9&b=\u00a9")]
    [InlineData("a=x\0y")]
    [InlineData("a=%c3&a%a9=")]
    public async Task Bare_bytes_in_a_form_that_are_no_UTF8_are_invalid_request(string body)
    {
        var server = await servers.AnonymousAsync(Engine.Sqlite);
        var response = await RawHttp.FormAsync(server, "/oauth/token", [], body);
        Assert.Equal(400, response.Status);
        Assert.Contains("\"error\":\"invalid_request\"", response.Body, StringComparison.Ordinal);
        Assert.Equal("no-store", response.Headers["Cache-Control"]);
    }

    [Fact]
    public async Task A_chunked_form_is_read_like_any_other()
    {
        var server = await servers.AnonymousAsync(Engine.Sqlite);
        var response = await RawHttp.SendAsync(
            server,
            "POST /oauth/token HTTP/1.1",
            ["Content-Type: application/x-www-form-urlencoded", "Transfer-Encoding: chunked"],
            "3\r\na=%\r\n2\r\n31\r\n4\r\n&a=2\r\n0\r\n\r\n"
        );
        Assert.Equal(400, response.Status);
        Assert.Contains("more than once", response.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /v1/%2e%2e/health/live HTTP/1.1")]
    [InlineData("GET //v1/me HTTP/1.1")]
    [InlineData("GET /v1//me HTTP/1.1")]
    [InlineData("GET /v1/me%2f HTTP/1.1")]
    [InlineData("GET /v1/me;x=1 HTTP/1.1")]
    public async Task No_spelling_of_a_path_comes_past_its_authentication(string requestLine)
    {
        var server = await servers.AnonymousAsync(Engine.Sqlite);
        var response = await RawHttp.SendAsync(server, requestLine, []);
        var isPublic = response.Status == 200 && requestLine.Contains("health", StringComparison.Ordinal);
        Assert.True(isPublic || response.Status is 401 or 404, $"{response.Status}");
    }

    [Fact]
    public async Task The_server_does_not_say_what_it_runs_on()
    {
        var server = await servers.AnonymousAsync(Engine.Sqlite);
        foreach (var path in new[] { "/health/live", "/v1/me", "/unheard-of", "/oauth/token" })
        {
            var response = await server.GetAsync(path);
            Assert.DoesNotContain("Server", response.Headers.Keys);
            Assert.DoesNotContain("X-Powered-By", response.Headers.Keys);
        }
    }

    [Fact]
    public async Task A_header_of_a_megabyte_is_431()
    {
        var server = await servers.AnonymousAsync(Engine.Sqlite);
        var response = await RawHttp.SendAsync(server, "GET /v1/me HTTP/1.1", ["Authorization: Bearer " + new string('a', 1_000_000)]);
        Assert.Equal(431, response.Status);
    }
}
