using System.Net.Http.Headers;
using System.Text;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.ApiResources;

/// <summary>What is wrong with a request before anybody looks at what it asks.</summary>
public sealed class RequestFormTests(SharedServers servers)
{
    private const string Path = "/v1/api-resources";

    [Theory]
    [BothEngines("")]
    [BothEngines(" ")]
    [BothEngines("null")]
    [BothEngines("[]")]
    [BothEngines("\"x\"")]
    [BothEngines("1")]
    [BothEngines("{")]
    [BothEngines("{\"name\":\"x\"} {}")]
    [BothEngines("{\"name\":\"x\",}")]
    [BothEngines("{'name':'x'}")]
    [BothEngines("{\"name\":\"x\" /* comment */}")]
    [BothEngines("{\"name\":\"a\nb\"}")]
    [BothEngines("{\"name\":NaN}")]
    [BothEngines("{\"name\":\"\\ud800\",\"identifier\":\"https://x.example.com\"}")]
    [BothEngines("{\"name\":\"\\udc00\\ud800\",\"identifier\":\"https://x.example.com\"}")]
    [BothEngines("{\"na\\ud800me\":\"x\",\"identifier\":\"https://x.example.com\"}")]
    [BothEngines("{\"nonsense\":1,\"identifier\":\"https://x.example.com\",\"scopes\":[],\"\\ud800in_tokens\":\"x\"}")]
    [BothEngines("{\"name\":\"x\",\"identifier\":\"https://x.example.com\",\"scopes\":[{\"name\":\"\\ud800\"}]}")]
    public async Task A_body_that_is_no_JSON_object_of_this_route_is_a_400(Engine engine, string body)
    {
        var admin = await servers.AdminAsync(engine);
        using var content = Json(Encoding.UTF8.GetBytes(body));
        var answer = await admin.PostAsync(Path, content).Expect(400, "invalid_request");
        AssertIsProblem(answer);
    }

    [Theory]
    [BothEngines("{\"name\":\"a\",\"name\":\"b\",\"identifier\":\"https://x.example.com\"}", "name")]
    [BothEngines("{\"name\":\"a\",\"identifier\":\"https://x.example.com\",\"n\\u0061me\":\"b\"}", "name")]
    [BothEngines("{\"Name\":\"a\",\"identifier\":\"https://x.example.com\"}", "Name")]
    [BothEngines("{\"identifier\":\"https://x.example.com\"}", "name")]
    [BothEngines("{\"name\":\"x\"}", "identifier")]
    public async Task Duplicate_unknown_and_missing_members_are_named(Engine engine, string body, string member) =>
        await (await servers.AdminAsync(engine)).PostAsync(Path, body).ExpectFaultAsync(member);

    [Theory, BothEngines]
    public async Task Bytes_that_are_not_UTF_8_are_a_400(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        foreach (var bad in new byte[][] { [0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xE2, 0x82] })
        {
            byte[] body = [.. "{\"identifier\":\"https://x.example.com\",\"name\":\"a"u8, .. bad, .. "\"}"u8];
            using var content = Json(body);
            AssertIsProblem(await admin.PostAsync(Path, content).Expect(400, "invalid_request"));
        }
    }

    /// <summary>It may be of any length and any characters; the answer holds it cut, whole characters only, or not at all.</summary>
    [Fact]
    public async Task An_unknown_members_name_comes_back_fit_to_be_shown()
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        foreach (
            var name in new[] { new string('n', 200_000), 'n' + string.Concat(Enumerable.Repeat("😀", 100)), "n\u202e\u0000\u001b", "n😀" }
        )
        {
            var refused = await admin.PostAsync(Path, new Dictionary<string, int> { [name] = 1 }).Expect(400, "invalid_request");
            var shown = Assert.Single(refused.Json.GetProperty("errors").EnumerateObject()).Name;
            Assert.True(
                shown.Length <= 101 && (name.StartsWith(shown.TrimEnd('…'), StringComparison.Ordinal) || shown == "(unprintable)"),
                shown
            );
            Assert.DoesNotContain('\ufffd', refused.Body);
        }
    }

    [Theory, BothEngines]
    public async Task Deep_nesting_is_a_400(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        foreach (var depth in new[] { 17, 100, 50_000 })
        {
            var bomb = new string('[', depth) + new string(']', depth);
            await admin.PostAsync(Path, $"{{\"scopes\":{bomb}}}").Expect(400, "invalid_request");
            await admin.PostAsync(Path, bomb).Expect(400, "invalid_request");
        }
    }

    [Theory]
    [BothEngines("text/plain")]
    [BothEngines("application/x-www-form-urlencoded")]
    [BothEngines("application/xml")]
    [BothEngines("text/json")]
    [BothEngines("application/json; charset=utf-16")]
    [BothEngines("application/jsonp")]
    [BothEngines("multipart/form-data; boundary=x")]
    public async Task Another_media_type_is_a_415(Engine engine, string type)
    {
        var admin = await servers.AdminAsync(engine);
        var headers = new Dictionary<string, string> { ["Content-Type"] = type };
        AssertIsProblem(await admin.PostAsync(Path, "{\"name\":\"x\"}", headers).Expect(415, "unsupported_media_type"));
        AssertIsProblem(await admin.PatchAsync($"{Path}/res_0000000000000000000000", "{}", headers).Expect(415, "unsupported_media_type"));
    }

    [Theory, BothEngines]
    public async Task No_body_at_all_is_a_400_that_names_what_is_needed(Engine engine) =>
        AssertIsProblem(await (await servers.AdminAsync(engine)).PostAsync(Path).Expect(400, "invalid_request"));

    [Theory]
    [BothEngines("application/json")]
    [BothEngines("APPLICATION/JSON; charset=UTF-8")]
    [BothEngines("application/merge-patch+json")]
    public async Task Every_spelling_of_JSON_is_read(Engine engine, string type)
    {
        var admin = await servers.AdminAsync(engine);
        await admin.PostAsync(Path, "{}", new Dictionary<string, string> { ["Content-Type"] = type }).Expect(400, "invalid_request");
    }

    [Theory, BothEngines]
    public async Task A_body_over_256_KiB_is_a_413(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var large = $"{{\"name\":\"{new string('x', 256 * 1024)}\"}}";
        AssertIsProblem(await admin.PostAsync(Path, large).Expect(413, "body_too_large"));
    }

    [Theory]
    [BothEngines("GET", "/v1/nothing")]
    [BothEngines("POST", "/v1")]
    [BothEngines("GET", "/V1/api-resources/x/y")]
    [BothEngines("DELETE", "/v1/users/usr_0000000000000000000000/nothing")]
    public async Task An_unknown_route_is_a_404_problem(Engine engine, string method, string path)
    {
        var admin = await servers.AdminAsync(engine);
        AssertIsProblem(await admin.SendAsync(new HttpMethod(method), path).Expect(404, "not_found"));
        AssertIsProblem(await admin.With(null).SendAsync(new HttpMethod(method), path).Expect(404, "not_found"));
    }

    [Theory]
    [BothEngines("PUT", "/v1/api-resources")]
    [BothEngines("DELETE", "/v1/users")]
    [BothEngines("GET", "/v1/verify")]
    [BothEngines("PATCH", "/v1/me")]
    public async Task Another_method_is_a_405_that_tells_which_would_do(Engine engine, string method, string path)
    {
        var admin = await servers.AdminAsync(engine);
        var answer = await admin.SendAsync(new HttpMethod(method), path).Expect(405, "method_not_allowed");
        AssertIsProblem(answer);
        Assert.False(string.IsNullOrEmpty(answer.Header("Allow")));
    }

    private static void AssertIsProblem(ApiResponse answer)
    {
        Assert.Equal("application/problem+json", answer.Header("Content-Type"));
        Assert.Equal(answer.Status, answer.Json.GetProperty("status").GetInt32());
        Assert.Equal(answer.Header("X-Request-Id"), answer.Text("request_id"));
        foreach (var member in new[] { "title", "detail", "code" })
            Assert.NotEqual("", answer.Text(member));
        Assert.DoesNotContain("Tokenry.", answer.Body, StringComparison.Ordinal); // no type names of ours
        Assert.DoesNotContain("System.", answer.Body, StringComparison.Ordinal);
    }

    private static ByteArrayContent Json(byte[] bytes) =>
        new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
}
