using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.AuditLog;

public sealed class AuditQueryTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Each_filter_narrows(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var person = await admin.CallerAsync("applications:write");
        var before = In(-1);
        var application = await person.Client.PostAsync("/v1/applications", new { name = "a" }).Expect(201);
        var id = application.Text("id");
        await person.Client.PatchAsync($"/v1/applications/{id}", new { name = "b" }).Expect(200);
        await admin.PatchAsync($"/v1/applications/{id}", new { name = "c" }).Expect(200);
        var after = In(1);

        Assert.Equal(["application.updated", "application.created"], await ActionsAsync($"actor={person.Id}"));
        Assert.Equal(["application.updated", "application.updated", "application.created"], await ActionsAsync($"target={id}"));
        Assert.Equal(["application.created"], await ActionsAsync($"target={id}&action=application.created"));
        Assert.Empty(await ActionsAsync($"actor={person.Id}&result=denied"));
        Assert.Equal(["application.updated", "application.created"], await ActionsAsync($"actor={person.Id}&result=success"));
        Assert.Equal(3, (await ActionsAsync($"target={id}&from={before}&to={after}")).Length);
        Assert.Empty(await ActionsAsync($"target={id}&to={before}"));
        Assert.Empty(await ActionsAsync($"target={id}&from={after}"));
        Assert.Empty(await ActionsAsync("target=app_0000000000000000000000"));

        async Task<string[]> ActionsAsync(string query) =>
            [
                .. (await admin.GetAsync($"/v1/audit?{query}").Expect(200))
                    .Json.GetProperty("items")
                    .EnumerateArray()
                    .Select(row => row.GetProperty("action").GetString()!),
            ];
    }

    [Theory, BothEngines]
    public async Task Pages_follow_the_chain_without_a_gap(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        for (var i = 0; i < 4; i++)
            await admin.CreateApplicationAsync([]);
        string? path = "/v1/audit?limit=3";
        (long Seq, string? Prev)? last = null;
        for (var pages = 0; path is not null && pages < 6; pages++)
        {
            var page = await admin.GetAsync(path).Expect(200);
            foreach (var row in page.Json.GetProperty("items").EnumerateArray())
            {
                if (last is { } newer)
                {
                    Assert.Equal(newer.Seq - 1, row.GetProperty("seq").GetInt64());
                    Assert.Equal(newer.Prev, row.GetProperty("hash").GetString());
                }
                Assert.Matches("^[0-9a-f]{64}$", row.GetProperty("hash").GetString()!);
                last = (row.GetProperty("seq").GetInt64(), row.GetProperty("prev").GetString());
            }
            path = page.Json.GetProperty("next_cursor").GetString() is { } cursor ? $"/v1/audit?limit=3&cursor={cursor}" : null;
        }
    }

    [Theory]
    [BothEngines("from=yesterday", "from")]
    [BothEngines("to=1", "to")]
    [BothEngines("cursor=x", "cursor")]
    [BothEngines("cursor=99999999999999999999", "cursor")]
    [BothEngines("actor=%00", "actor")]
    [BothEngines("reason=x", "reason")]
    public async Task A_filter_that_does_not_fit_is_refused_by_name(Engine engine, string query, string member) =>
        await (await servers.AdminAsync(engine)).GetAsync($"/v1/audit?{query}").ExpectFaultAsync(member);

    [Theory, BothEngines]
    public async Task No_secret_is_ever_in_the_trail(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().ClientSecret().CreateAsync();
        await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier);
        await admin.With(made.ApiKey.Secret).GetAsync("/v1/users").Expect(403);
        var trail = (await admin.GetAsync("/v1/audit?limit=200").Expect(200)).Body;
        foreach (var secret in new[] { made.ApiKey.Secret, made.ClientSecret.Secret, admin.Bearer! })
            Assert.DoesNotContain(secret[30..], trail, StringComparison.Ordinal);
    }
}
