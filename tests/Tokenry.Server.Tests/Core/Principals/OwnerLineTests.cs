using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Platform.Store;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Principals;

/// <summary>One's own is the whole line: the user, the user's applications and the applications of those.</summary>
public sealed class OwnerLineTests(SharedServers servers)
{
    private const string Count = "Tokenry-Descendants";

    [Theory, BothEngines]
    public async Task A6_what_is_made_through_an_application_of_an_application_falls_with_the_token_that_leaked(Engine engine)
    {
        var line = await Line.ArrangeAsync(await servers.AdminAsync(engine));
        await line.Admin.With(null).PostAsync("/v1/credentials/revoke", new { token = line.User.Token.Secret }).Expect(202);
        foreach (var key in new[] { line.Key, line.KeyBelow })
            Assert.Equal("revoked", await line.Admin.CodeAsync(key.Secret));
    }

    [Theory, BothEngines]
    public async Task A6_the_user_reaches_all_of_it(Engine engine)
    {
        var line = await Line.ArrangeAsync(await servers.AdminAsync(engine));
        var (user, below) = (line.User.Client, line.Below.Id);
        await user.GetAsync($"/v1/applications/{below}").Expect(200);
        Assert.Contains(below, Ids(await user.GetAsync("/v1/applications?limit=200").Expect(200)));
        Assert.Contains(line.KeyBelow.Id, Ids(await user.GetAsync("/v1/credentials?limit=200").Expect(200)));
        await user.GetAsync($"/v1/api-keys/{line.KeyBelow.Id}").Expect(200);
        Assert.Equal(
            new[] { line.Key.Id, line.KeyBelow.Id }.Order(StringComparer.Ordinal),
            Ids(await user.GetAsync($"/v1/credentials/{line.User.Token.Id}/descendants?limit=200").Expect(200))
        );
        await user.GetAsync($"/v1/usage?credential={line.KeyBelow.Id}").Expect(200);
        await line.Admin.CodeAsync(line.KeyBelow.Secret);
        await EventuallyAsync(
            async () => Ids(await user.GetAsync($"/v1/usage?subject={below}&group=subject").Expect(200), "subject").Contains(below),
            "counted for the user"
        );
        await user.PostAsync($"/v1/api-keys/{line.KeyBelow.Id}/disable").Expect(200);
        await user.DeleteAsync($"/v1/api-keys/{line.KeyBelow.Id}").Expect(204);
        await user.DeleteAsync($"/v1/applications/{below}").Expect(204);

        var stranger = await line.Admin.PersonWithTokenAsync([Developer], At(Management, "tokens:own", "applications:own"));
        await stranger.Client.GetAsync($"/v1/applications/{below}").Expect(404);
        await stranger.Client.GetAsync($"/v1/api-keys/{line.KeyBelow.Id}").Expect(404);
    }

    [Theory, BothEngines]
    public async Task A6_the_user_ends_all_of_it_by_the_list(Engine engine)
    {
        var line = await Line.ArrangeAsync(await servers.AdminAsync(engine));
        var answer = await line.User.Client.PostAsync($"/v1/credentials/{line.User.Token.Id}/descendants/revoke", new { }).Expect(200);
        Assert.Equal((2, "0"), (answer.Json.GetProperty("revoked").GetInt32(), answer.Header(Count)));
        Assert.Equal("revoked", await line.Admin.CodeAsync(line.KeyBelow.Secret));
        Assert.Equal("valid", await line.Admin.CodeAsync(line.User.Token.Secret));
    }

    [Theory, BothEngines]
    public async Task A6_the_limits_of_the_token_bind_what_it_makes_at_the_end_of_the_line(Engine engine)
    {
        var line = await Line.ArrangeAsync(await servers.AdminAsync(engine));
        var keys = $"/v1/applications/{line.Below.Id}/api-keys";
        // Without a word it ends with the token that made it; a later end is refused.
        var made = await line.User.Client.PostAsync(keys, new { name = "bounded", permissions = Array.Empty<object>() }).Expect(201);
        Assert.True(made.Time("expires_at") <= line.User.Token.Response.Time("expires_at"));
        await line
            .User.Client.PostAsync(
                keys,
                new
                {
                    name = "longer",
                    permissions = Array.Empty<object>(),
                    expires_at = "2099-01-01T00:00:00Z",
                }
            )
            .Expect(403);
    }

    [Theory, BothEngines]
    public async Task R5_a_token_that_made_very_many_is_revoked_at_once_and_the_answer_counts_to_ten_thousand(Engine engine)
    {
        // Of its own: rows that are written by another hand hold up the one writer of SQLite.
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var deployment = await admin.CallerAsync("credentials:write");
        var application = await admin.CreateApplicationAsync([]);
        foreach (var (kind, many, told) in new[] { ("few", 10_000, "10000"), ("many", 1, ">10000") })
        {
            await server.ExecuteAsync(
                $"""
                INSERT INTO credentials (id, kind, owner_id, name, masked, created_at, created_with, state)
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many})
                SELECT 'key_{kind}_{deployment.Token.Id}_' || i, 'api_key', '{application.Id}', 'ci', 'x', 1, '{deployment.Token.Id}', 'active' FROM n
                """
            );
            var answer = await admin.DeleteAsync($"/v1/tokens/{deployment.Token.Id}?reason=leaked").Expect(204);
            Assert.Equal(told, answer.Header(Count));
        }

        const string active = "SELECT count(*) FROM credentials WHERE state = 'active' AND owner_id = ";
        Assert.Equal(10_001, await server.ScalarAsync<long>($"{active}'{application.Id}'"));

        // All of them in one call, in steps that hold nothing up for long.
        var ended = await admin
            .PostAsync($"/v1/credentials/{deployment.Token.Id}/descendants/revoke", new { reason = "leaked" })
            .Expect(200);
        Assert.Equal((10_001, "0"), (ended.Json.GetProperty("revoked").GetInt32(), ended.Header(Count)));
        Assert.Equal(0, await server.ScalarAsync<long>($"{active}'{application.Id}'"));
        var events = await admin.GetAsync($"/v1/audit?target={deployment.Token.Id}&action=credential.descendants_revoked").Expect(200);
        Assert.Equal(2, events.Json.GetProperty("items").GetArrayLength());
    }

    [Theory, BothEngines]
    public async Task A6_descendants_in_a_long_line_of_ones_own_all_fall(Engine engine)
    {
        // Of its own: rows that are written by another hand hold up the one writer of SQLite.
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var person = await admin.PersonWithTokenAsync([], At(Management, "tokens:own"));
        // Each made by the one before, every second one ended: what comes after it falls all the same.
        await server.ExecuteAsync(
            $"""
            INSERT INTO credentials (id, kind, owner_id, name, masked, created_at, created_with, state)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
            SELECT 'pat_{person.Token.Id}_' || i, 'personal_access_token', '{person.Id}', 'ci', 'x', 1,
              CASE WHEN i = 1 THEN '{person.Token.Id}' ELSE 'pat_{person.Token.Id}_' || (i - 1) END,
              CASE WHEN i % 2 = 0 THEN 'revoked' ELSE 'active' END FROM n
            """
        );
        await admin.With(null).PostAsync("/v1/credentials/revoke", new { token = person.Token.Secret }).Expect(202);
        Assert.Equal(
            0,
            await server.ScalarAsync<long>($"SELECT count(*) FROM credentials WHERE owner_id = '{person.Id}' AND state <> 'revoked'")
        );
    }

    [Theory, BothEngines]
    public async Task R6_a_report_that_is_repeated_is_slowed(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var person = await (await server.AdminAsync()).PersonWithTokenAsync([], At(Management, "tokens:own"));
        var statuses = new List<int>();
        // One a second is worked off, so that a slow machine needs more of them.
        while (!statuses.Contains(429) && statuses.Count < 2000)
        {
            var round = Enumerable
                .Range(0, 30)
                .Select(_ => server.Client().PostAsync("/v1/credentials/revoke", new { token = person.Token.Secret }));
            statuses.AddRange((await Task.WhenAll(round)).Select(answer => answer.Status));
        }

        Assert.Contains(429, statuses);
        Assert.All(statuses.Take(60), status => Assert.Equal(202, status));
    }

    private static List<string> Ids(ApiResponse list, string member = "id") =>
        [.. list.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty(member).GetString()!)];

    /// <summary>A user with a token; an application made with it, with a key; an application made with that, with a key.</summary>
    private sealed record Line(ApiClient Admin, Person User, CreatedCredential Key, CreatedApplication Below, CreatedCredential KeyBelow)
    {
        public static async Task<Line> ArrangeAsync(ApiClient admin)
        {
            var user = await admin.PersonWithTokenAsync([Developer], At(Management, "tokens:own", "applications:own"));
            var application = await user.Client.CreateApplicationAsync(
                [],
                new { permissions = new[] { At(Management, "applications:own") } }
            );
            var key = await user.Client.CreateApiKeyAsync(
                application.Id,
                new { permissions = new[] { At(Management, "applications:own") } }
            );
            var by = admin.With(key.Secret);
            var below = await by.CreateApplicationAsync([]);
            return new(admin, user, key, below, await by.CreateApiKeyAsync(below.Id, new { permissions = Array.Empty<object>() }));
        }
    }
}
