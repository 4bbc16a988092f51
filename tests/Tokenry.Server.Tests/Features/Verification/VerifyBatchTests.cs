using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Verification;

public sealed class VerifyBatchTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Answers_stand_in_the_order_of_the_items_and_are_those_of_single_calls(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role("a").ApiKey().CreateAsync();
        var api = made.Api.Identifier;
        object[] items =
        [
            new
            {
                token = made.ApiKey.Secret,
                api,
                scopes = new[] { "a" },
            },
            new
            {
                token = "garbage",
                api,
                scopes = new[] { "a" },
            },
            new
            {
                token = made.ApiKey.Secret,
                api,
                scopes = new[] { "b" },
            },
            new
            {
                token = made.ApiKey.Secret,
                api = "https://no.such.api",
                scopes = new[] { "a" },
            },
        ];
        var answers = (await admin.PostAsync("/v1/verify/batch", new { items }).Expect(200)).Json.GetProperty("items");
        for (var i = 0; i < items.Length; i++)
            AssertJson(answers[i].GetRawText(), (await admin.PostAsync("/v1/verify", items[i]).Expect(200)).Json);
        Assert.Equal(
            ["valid", "malformed", "insufficient_scope", "wrong_api"],
            answers.EnumerateArray().Select(answer => answer.GetProperty("code").GetString()!)
        );
    }

    [Theory, BothEngines]
    public async Task One_to_a_hundred_items(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        await Send(0).ExpectFaultAsync("items");
        Assert.Equal(100, (await Send(100).Expect(200)).Json.GetProperty("items").GetArrayLength());
        await Send(101).ExpectFaultAsync("items");
        await admin.PostAsync("/v1/verify/batch", """{"items":[null]}""").Expect(400, "invalid_request");

        Task<ApiResponse> Send(int count) =>
            admin.PostAsync("/v1/verify/batch", new { items = Enumerable.Range(0, count).Select(_ => new { token = "x" }) });
    }

    [Theory, BothEngines]
    public async Task An_item_that_is_not_well_formed_refuses_all_before_anything_counts(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .ApiKey(_ => new
            {
                rate_limits = new[]
                {
                    new
                    {
                        name = "once",
                        limit = 1,
                        window_seconds = 86_400,
                    },
                },
            })
            .CreateAsync();
        object[] items =
        [
            new { token = made.ApiKey.Secret },
            new { token = "x", ip = "not an address" },
            new { token = "x", scopes = new[] { "a" } },
        ];
        var answer = await admin.PostAsync("/v1/verify/batch", new { items }).ExpectFaultAsync("items[1].ip");
        Assert.True(answer.Json.GetProperty("errors").TryGetProperty("items[2].api", out _));
        Assert.Equal("valid", await admin.CodeAsync(made.ApiKey.Secret));
    }

    [Theory, BothEngines]
    public async Task A_resource_server_asks_about_its_own_API_only(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var server = await Scenario.On(admin).Application().ApiKey().CreateAsync();
        var own = await Scenario
            .On(admin)
            .Api(_ => new { resource_servers = new[] { server.Application.Id } }, "a")
            .Role()
            .ApiKey()
            .CreateAsync();
        var foreign = await Scenario.On(admin).ApiKey().CreateAsync();
        var asker = admin.With(server.ApiKey.Secret);
        object mine = new { token = own.ApiKey.Secret, scopes = new[] { "a" } };
        object other = new { token = foreign.ApiKey.Secret, api = foreign.Api.Identifier };
        await asker.PostAsync("/v1/verify/batch", new { items = new[] { mine } }).Expect(200);
        (await asker.PostAsync("/v1/verify/batch", new { items = new[] { mine, other } })).Expect(403, "insufficient_scope");
    }
}
