using System.Globalization;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;
using static Tokenry.Server.Tests.Features.Verification.ForwardAuthTests;

namespace Tokenry.Server.Tests.Core.Limits;

/// <summary>Rate limits and quotas at the doors. Windows are a day long here, so that none ends in the middle of a test but at midnight.</summary>
public sealed class RateLimitTests(SharedServers servers)
{
    private const int Day = 86_400;

    [Theory, BothEngines]
    public async Task Every_answer_tells_the_tightest_limit_and_only_good_uses_count(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api("a", "b")
            .Role("a")
            .ApiKey(_ => Limited(Window("wide", 100), Window("tight", 3)))
            .CreateAsync();
        var api = made.Api.Identifier;
        foreach (var remaining in new[] { 2, 1, 0 })
        {
            Assert.Equal("insufficient_scope", await admin.CodeAsync(made.ApiKey.Secret, api, ["b"])); // free
            var answer = await admin.VerifyAsync(made.ApiKey.Secret, api, ["a"]).Expect(200);
            var state = answer.Json.GetProperty("rate_limit");
            Assert.Equal("tight", state.GetProperty("name").GetString());
            Assert.Equal(3, state.GetProperty("limit").GetInt64());
            Assert.Equal(remaining, state.GetProperty("remaining").GetInt64());
            Assert.Equal(TimeSpan.Zero, state.GetProperty("reset_at").GetDateTimeOffset().TimeOfDay); // aligned to the epoch
        }

        var refused = await admin.VerifyAsync(made.ApiKey.Secret, api, ["a"]).Expect(200);
        Assert.Equal("rate_limited", refused.Text("code"));
        Assert.Equal("tight", refused.Text("rate_limit.name"));
        Assert.Equal("insufficient_scope", await admin.CodeAsync(made.ApiKey.Secret, api, ["b"])); // which comes first
    }

    [Theory, BothEngines]
    public async Task Forward_auth_tells_it_in_headers_and_refuses_with_429(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .ApiKey(_ =>
                Limited(
                    Window("burst", 1),
                    new
                    {
                        name = "monthly",
                        limit = 1000,
                        period = "month",
                    }
                )
            )
            .CreateAsync();
        var door = await servers.AnonymousAsync(engine);
        var good = await door.GetAsync(Path(made), headers: Key(made.ApiKey.Secret)).Expect(200);
        var refused = (await door.GetAsync(Path(made), headers: Key(made.ApiKey.Secret))).Expect(429, "rate_limited");
        var now = DateTimeOffset.UtcNow;
        foreach (var answer in new[] { good, refused })
        {
            var month = DateTime.DaysInMonth(now.Year, now.Month) * Day;
            Assert.Equal($"\"burst\";q=1;w={Day}, \"monthly\";q=1000;w={month}", answer.Header("RateLimit-Policy"));
            Assert.Matches("^\"burst\";r=0;t=[0-9]+$", answer.Header("RateLimit"));
        }

        var wait = int.Parse(refused.Header("Retry-After")!, CultureInfo.InvariantCulture);
        Assert.InRange(wait, 1, Day);
        Assert.InRange(
            wait,
            (now.Date.AddDays(1) - now.UtcDateTime).TotalSeconds - 5,
            (now.Date.AddDays(1) - now.UtcDateTime).TotalSeconds + 5
        );
    }

    [Theory, BothEngines]
    public async Task A_quota_answers_quota_exceeded_and_a_rate_limit_goes_before_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        object quota = new
        {
            name = "daily",
            limit = 1,
            period = "day",
        };
        var made = await Scenario.On(admin).ApiKey(_ => Limited(quota)).ApiKey(_ => Limited(quota, Window("burst", 1))).CreateAsync();
        foreach (var (key, code) in new[] { (made.ApiKeys[0], "quota_exceeded"), (made.ApiKeys[1], "rate_limited") })
        {
            Assert.Equal("valid", await admin.CodeAsync(key.Secret));
            Assert.Equal(code, await admin.CodeAsync(key.Secret));
        }

        var door = await servers.AnonymousAsync(engine);
        (await door.GetAsync(Path(made), headers: Key(made.ApiKeys[0].Secret))).Expect(429, "quota_exceeded");
    }

    [Theory, BothEngines]
    public async Task An_application_is_limited_over_all_its_keys_and_tokens(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api("a")
            .Role()
            .Application(_ => Limited(Window("all", 4)))
            .ApiKey()
            .ApiKey(_ => Limited(Window("own", 1)))
            .ClientSecret()
            .CreateAsync();
        var api = made.Api.Identifier;
        var client = (made.Application.Id, made.ClientSecret.Secret);
        var token = await admin.With(null).FormAsync("/oauth/token", [("grant_type", "client_credentials")], client).Expect(200);
        Assert.Equal("valid", await admin.CodeAsync(made.ApiKeys[0].Secret, api));
        Assert.Equal("valid", await admin.CodeAsync(made.ApiKeys[1].Secret, api));
        Assert.Equal("rate_limited", await admin.CodeAsync(made.ApiKeys[1].Secret, api)); // by its own, which costs the application nothing
        Assert.Equal("valid", await admin.CodeAsync(token.Text("access_token"), api));
        Assert.Equal("valid", await admin.CodeAsync(made.ApiKeys[0].Secret, api));
        Assert.Equal("rate_limited", await admin.CodeAsync(made.ApiKeys[0].Secret, api));
        Assert.Equal("rate_limited", await admin.CodeAsync(token.Text("access_token"), api));
    }

    [Theory, BothEngines]
    public async Task Exact_under_many_at_once(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api("a")
            .Role()
            .Application(_ => Limited(Window("all", 150)))
            .ApiKey(_ => Limited(Window("own", 100)))
            .ApiKey(_ => Limited(Window("own", 100)))
            .CreateAsync();
        var codes = await Task.WhenAll(
            Enumerable.Range(0, 400).Select(i => admin.CodeAsync(made.ApiKeys[i % 2].Secret, made.Api.Identifier, ["a"]))
        );
        Assert.Equal(150, codes.Count(code => code == "valid"));
        Assert.Equal(250, codes.Count(code => code == "rate_limited"));
    }

    [Theory, BothEngines]
    public async Task What_was_used_survives_a_restart(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var made = await Scenario
            .On(admin)
            .ApiKey(_ =>
                Limited(
                    new
                    {
                        name = "daily",
                        limit = 5,
                        period = "day",
                    }
                )
            )
            .CreateAsync();
        for (var i = 0; i < 3; i++)
            Assert.Equal("valid", await admin.CodeAsync(made.ApiKey.Secret));
        await server.RestartAsync();
        foreach (var code in new[] { "valid", "valid", "quota_exceeded" })
            Assert.Equal(code, await admin.CodeAsync(made.ApiKey.Secret));
        // And a kill, once the second's flush is over.
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        server.Kill();
        await server.LaunchAsync();
        Assert.Equal("quota_exceeded", await admin.CodeAsync(made.ApiKey.Secret));
    }

    [Fact]
    public async Task Replicas_tell_each_other_within_seconds()
    {
        await using var one = await ServerProcess.StartAsync(Engine.Postgres);
        await using var two = await one.StartReplicaAsync();
        var admin = await one.AdminAsync();
        var made = await Scenario.On(admin).ApiKey(_ => Limited(Window("shared", 10))).CreateAsync();
        var other = admin.At(two.Address);
        Assert.Equal("valid", await other.CodeAsync(made.ApiKey.Secret)); // now both count
        for (var i = 0; i < 9; i++)
            Assert.Equal("valid", await admin.CodeAsync(made.ApiKey.Secret));
        await EventuallyAsync(
            async () => (await other.VerifyAsync(made.ApiKey.Secret)).Text("code") == "rate_limited",
            "limited on the replica that saw few uses"
        );
        await EventuallyAsync(async () => await admin.CodeAsync(made.ApiKey.Secret) == "rate_limited", "limited on the other");
    }

    [Theory, BothEngines]
    public async Task A_window_that_is_over_gives_everything_back(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .ApiKey(_ =>
                Limited(
                    new
                    {
                        name = "second",
                        limit = 1,
                        window_seconds = 1,
                    }
                )
            )
            .CreateAsync();
        var good = 0;
        for (var i = 0; i < 30 && good < 3; i++)
        {
            good += await admin.CodeAsync(made.ApiKey.Secret) == "valid" ? 1 : 0;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.Equal(3, good);
    }

    [Theory, BothEngines]
    public async Task A_changed_limit_holds_at_once_and_keeps_what_was_counted(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey(_ => Limited(Window("daily", 10))).CreateAsync();
        Assert.Equal("valid", await admin.CodeAsync(made.ApiKey.Secret));
        await admin.PatchAsync($"/v1/api-keys/{made.ApiKey.Id}", Limited(Window("daily", 1))).Expect(200);
        Assert.Equal("rate_limited", await admin.CodeAsync(made.ApiKey.Secret));
        var cleared = await admin.PatchAsync($"/v1/api-keys/{made.ApiKey.Id}", """{"rate_limits":null}""").Expect(200);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, cleared.Json.GetProperty("rate_limits").ValueKind);
        Assert.False((await admin.VerifyAsync(made.ApiKey.Secret)).Json.TryGetProperty("rate_limit", out _));
    }

    [Theory, BothEngines]
    public async Task The_limits_of_a_credential_hold_at_the_management_API_too(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).User().PersonalAccessToken(_ => Limited(Window("few", 2))).CreateAsync();
        var own = admin.With(made.PersonalAccessToken.Secret);
        Assert.Matches("^\"few\";r=1;", (await own.GetAsync("/v1/me").Expect(200)).Header("RateLimit"));
        await own.GetAsync("/v1/me").Expect(200);
        var refused = (await own.GetAsync("/v1/me")).Expect(429, "rate_limited");
        Assert.NotNull(refused.Header("Retry-After"));
    }

    [Theory, BothEngines]
    public async Task Who_owns_an_application_does_not_lift_what_is_set_over_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ManagementRole("applications:own").User().CreateAsync();
        var token = await admin.CreatePersonalAccessTokenAsync(
            made.User.Id,
            new { permissions = new[] { new { api = "urn:tokenry:management", scopes = new[] { "applications:own" } } } }
        );
        var developer = admin.With(token.Secret);
        (await developer.PostAsync("/v1/applications", new { name = "x", rate_limits = new[] { Window("a", 1) } })).Expect(403);
        var application = await developer.CreateApplicationAsync([]);
        await admin.PatchAsync($"/v1/applications/{application.Id}", Limited(Window("all", 1))).Expect(200);
        (await developer.PatchAsync($"/v1/applications/{application.Id}", """{"rate_limits":null}""")).Expect(403, "insufficient_scope");
        await developer.PatchAsync($"/v1/applications/{application.Id}", new { name = "renamed" }).Expect(200);
        var shown = await admin.GetAsync($"/v1/applications/{application.Id}").Expect(200);
        AssertJson("""[{"name":"all","limit":1,"window_seconds":86400}]""", shown.Json.GetProperty("rate_limits"));
    }

    /// <summary>Found by review: whom a key's limit binds could lift it.</summary>
    [Theory, BothEngines]
    public async Task With_ones_own_reach_a_limit_gets_tighter_and_no_wider(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).User().PersonalAccessToken(_ => Limited(Window("daily", 100))).CreateAsync();
        var own = admin.With(
            (
                await admin.CreatePersonalAccessTokenAsync(
                    made.User.Id,
                    new { permissions = new[] { new { api = "urn:tokenry:management", scopes = new[] { "tokens:own" } } } }
                )
            ).Secret
        );
        var path = $"/v1/tokens/{made.PersonalAccessToken.Id}";
        await own.PatchAsync(path, Limited(Window("daily", 50), Window("more", 5))).Expect(200);
        foreach (
            var wider in new object[]
            {
                Limited(Window("daily", 51), Window("more", 5)),
                Limited(Window("daily", 50)),
                Limited(Window("renamed", 1)),
            }
        )
            (await own.PatchAsync(path, wider)).Expect(403, "exceeds_own_rights");
        (await own.PatchAsync(path, """{"rate_limits":null}""")).Expect(403, "exceeds_own_rights");
        await admin.PatchAsync(path, """{"rate_limits":null}""").Expect(200);
    }

    [Theory]
    [BothEngines("[]")]
    [BothEngines("""[{"name":"a","limit":0,"window_seconds":1}]""")]
    [BothEngines("""[{"name":"a","limit":-1,"window_seconds":1}]""")]
    [BothEngines("""[{"name":"a","limit":1000000000001,"window_seconds":1}]""")]
    [BothEngines("""[{"name":"a","limit":1,"window_seconds":0}]""")]
    [BothEngines("""[{"name":"a","limit":1,"window_seconds":86401}]""")]
    [BothEngines("""[{"name":"a","limit":1}]""")]
    [BothEngines("""[{"name":"a","limit":1,"window_seconds":1,"period":"day"}]""")]
    [BothEngines("""[{"name":"a","limit":1,"period":"week"}]""")]
    [BothEngines("""[{"name":"","limit":1,"period":"day"}]""")]
    [BothEngines("""[{"name":"a\"b","limit":1,"period":"day"}]""")]
    [BothEngines("""[{"name":"a","limit":1,"period":"day"},{"name":"a","limit":2,"period":"month"}]""")]
    [BothEngines("""[null]""")]
    public async Task A_limit_that_is_none_is_refused(Engine engine, string limits)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([]);
        var body = $$"""{"name":"x","rate_limits":{{limits}}}""";
        await admin.PostAsync($"/v1/applications/{application.Id}/api-keys", body).ExpectFaultAsync("rate_limits");
        await admin.PostAsync("/v1/applications", body).ExpectFaultAsync("rate_limits");
        await admin.PatchAsync($"/v1/applications/{application.Id}", $$"""{"rate_limits":{{limits}}}""").ExpectFaultAsync("rate_limits");
    }

    [Theory, BothEngines]
    public async Task A_client_secret_has_no_limits_of_its_own(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([]);
        await admin
            .PostAsync($"/v1/applications/{application.Id}/secrets", new { name = "x", rate_limits = new[] { Window("a", 1) } })
            .ExpectFaultAsync("rate_limits");
    }

    private static object Window(string name, long limit) =>
        new
        {
            name,
            limit,
            window_seconds = Day,
        };

    private static object Limited(params object[] limits) => new { rate_limits = limits };
}
