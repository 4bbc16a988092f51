namespace Tokenry.Server.Tests.Contracts;

/// <summary>B.5: HEAD answers wherever GET does (RFC 9110 §9.1): the same status, the same headers, no body.</summary>
public sealed class HeadTests(SharedServers servers)
{
    /// <summary>Different in every answer, or of the body that HEAD does not have.</summary>
    private static readonly string[] NotCompared =
    [
        "Date",
        "X-Request-Id",
        "Set-Cookie",
        "Transfer-Encoding",
        "RateLimit",
        "ETag",
        "Content-Length",
    ];

    [Theory, BothEngines]
    public async Task B5_HEAD_is_answered_as_GET_on_every_route(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var routes = (await Route.AllAsync()).Where(route => route.Method == "GET").ToList();
        Assert.NotEmpty(routes);
        foreach (var route in routes)
        {
            var path = route.Path.Replace("{documentName}", "v1", StringComparison.Ordinal);
            path = path.Contains('{', StringComparison.Ordinal) ? Call.To(route, Target.Nobody).Path : path;
            foreach (var caller in new[] { admin, admin.With(null) })
            {
                var get = await caller.GetAsync(path);
                var head = await caller.SendAsync(HttpMethod.Head, path);
                Assert.Equal((path, get.Status, ""), (path, head.Status, head.Body));
                Assert.Equal((path, Headers(get)), (path, Headers(head)));
                if (get.Header("Content-Length") is { } length && route.Path != "/metrics" && get.Status == 200)
                    Assert.Equal((path, length), (path, head.Header("Content-Length")));
            }
        }
    }

    [Fact]
    public async Task B5_what_has_no_GET_has_no_HEAD_and_Allow_says_which_have()
    {
        var anonymous = await servers.AnonymousAsync(Engine.Sqlite);
        await anonymous.SendAsync(HttpMethod.Head, "/nowhere").Expect(404);
        var posted = await anonymous.SendAsync(HttpMethod.Head, "/oauth/token").Expect(405);
        Assert.Equal("POST", posted.Header("Allow"));
        var refused = await anonymous.PostAsync("/health/live").Expect(405);
        Assert.Equal("GET, HEAD", refused.Header("Allow"));
    }

    /// <summary>A proof and a record name the method that was sent.</summary>
    [Theory, BothEngines]
    public async Task B5_a_proof_for_HEAD_is_one(Engine engine)
    {
        using var key = ClientKey.Make();
        var admin = await servers.AdminAsync(engine);
        var anonymous = await servers.AnonymousAsync(engine);
        var made = await Scenario.On(admin).ManagementRole("audit:read").Application().ClientSecret().CreateAsync();
        var tokens = new Uri(anonymous.Address + "/oauth/token");
        var bought = await anonymous.FormAsync(
            "/oauth/token",
            [("grant_type", "client_credentials"), ("resource", "urn:tokenry:management")],
            (made.Application.Id, made.ClientSecret.Secret),
            new Dictionary<string, string> { ["DPoP"] = key.Proof("POST", tokens.AbsoluteUri) }
        );
        var token = bought.Expect(200).Text("access_token");
        foreach (var (said, status) in new[] { ("HEAD", 200), ("GET", 401) })
        {
            var headers = new Dictionary<string, string>
            {
                ["Authorization"] = $"DPoP {token}",
                ["DPoP"] = key.Proof(said, anonymous.Address + "/v1/me", token),
            };
            await anonymous.SendAsync(HttpMethod.Head, "/v1/me", headers: headers).Expect(status);
        }
    }

    private static string Headers(ApiResponse answer) =>
        string.Join(
            '\n',
            answer
                .Headers.Where(header => !NotCompared.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
                .OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase)
                .Select(header => $"{header.Key}: {string.Join(" | ", header.Value)}")
        );
}
