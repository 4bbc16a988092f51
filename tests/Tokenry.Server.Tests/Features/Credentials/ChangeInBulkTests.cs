using System.Text.Json;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Credentials;

/// <summary>Many credentials at once: what the operation on one refuses is refused, and the answer names it.</summary>
public sealed class ChangeInBulkTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Page_after_page_ends_what_the_filter_finds_and_a_repeat_finds_nothing(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().ClientSecret().ApiKey().PublicKey().ApiKey().CreateAsync();
        var path = $"/v1/credentials/bulk/revoke?owner={made.Application.Id}&limit=2";

        var foreseen = await WalkAsync(admin, $"{path}&dry_run=true", new { reason = "audit" });
        Assert.Equal(5, foreseen.Count);
        Assert.All(foreseen, item => Assert.False(item.GetProperty("done").GetBoolean()));
        (await admin.VerifyAsync(made.ApiKey.Secret)).Expect(200);
        Assert.Empty(await EventsAsync(admin, made.ApiKey.Id, "api_key.revoked"));

        var ended = await WalkAsync(admin, path, new { reason = "audit" });
        Assert.Equal(Ids(foreseen), Ids(ended));
        Assert.All(ended, item => Assert.True(item.GetProperty("done").GetBoolean()));
        Assert.All(ended, item => Assert.Equal("revoked", item.GetProperty("credential").GetProperty("state").GetString()));
        var row = Assert.Single(await EventsAsync(admin, made.ApiKey.Id, "api_key.revoked"));
        Assert.Equal("audit", row.GetProperty("reason").GetString());
        Assert.Empty(await WalkAsync(admin, path, new { reason = "audit" }));
    }

    [Theory, BothEngines]
    public async Task A_rotation_shows_each_new_secret_once_and_never_ends_an_old_one_early(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().ClientSecret().PublicKey().ApiKey().CreateAsync();
        var path = $"/v1/credentials/bulk/rotate?owner={made.Application.Id}";
        var rotated = await WalkAsync(admin, path, new { overlap_seconds = 3600 });
        Assert.Equal(3, rotated.Count); // a public key is its holder's to replace
        foreach (var key in made.ApiKeys)
        {
            var secret = rotated.Single(item => Id(item) == key.Id).GetProperty("credential").GetProperty("token").GetString()!;
            Assert.Equal("valid", (await admin.VerifyAsync(secret)).Text("code"));
            Assert.Equal("valid", (await admin.VerifyAsync(key.Secret)).Text("code"));
        }

        // The answer was lost, somebody repeats: the secrets that callers still use go on.
        var again = await WalkAsync(admin, path, new { overlap_seconds = 60 });
        Assert.All(again, item => Assert.Equal("overlap_running", item.GetProperty("code").GetString()));
        Assert.Equal("valid", (await admin.VerifyAsync(made.ApiKey.Secret)).Text("code"));
    }

    [Theory, BothEngines]
    public async Task What_the_caller_may_not_do_to_one_it_may_not_do_to_many(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a").Role("a").Application().ApiKey().CreateAsync();
        var stranger = await admin.CallerAsync("tokens:own", "applications:own");
        Assert.Empty(await WalkAsync(stranger.Client, $"/v1/credentials/bulk/disable?owner={made.Application.Id}", null));
        Assert.Equal("valid", (await admin.VerifyAsync(made.ApiKey.Secret)).Text("code"));

        // Its own are in reach, but the credential that asks stays.
        var second = await admin.CreatePersonalAccessTokenAsync(stranger.Id);
        var items = await WalkAsync(stranger.Client, "/v1/credentials/bulk/disable?state=active&limit=1", null);
        Assert.Equal(new[] { stranger.Token.Id, second.Id }.Order(StringComparer.Ordinal), Ids(items).Order(StringComparer.Ordinal));
        Assert.Equal("own_credential", items.Single(item => Id(item) == stranger.Token.Id).GetProperty("code").GetString());
        Assert.True(items.Single(item => Id(item) == second.Id).GetProperty("done").GetBoolean());

        // To rotate is to hold, so who may end a stronger credential may not roll it.
        var weak = await admin.CallerAsync("credentials:read", "credentials:write");
        var strong = await Scenario
            .On(admin)
            .ManagementRole("users:read")
            .Application()
            .ApiKey(_ => new { permissions = new[] { At(Management, "users:read") } })
            .CreateAsync();
        var rotation = $"/v1/credentials/bulk/rotate?owner={strong.Application.Id}";
        var refused = Assert.Single(await WalkAsync(weak.Client, rotation, new { overlap_seconds = 60 }));
        Assert.Equal("exceeds_own_rights", refused.GetProperty("code").GetString());
        Assert.False(refused.GetProperty("credential").TryGetProperty("token", out _));
    }

    [Fact]
    public async Task Without_a_filter_nothing_is_changed()
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        await admin.PostAsync("/v1/credentials/bulk/revoke", new { }).ExpectFaultAsync("filters");
        await admin.PostAsync("/v1/credentials/bulk/revoke?limit=5", new { }).ExpectFaultAsync("filters");
        (await admin.PostAsync("/v1/credentials/bulk/revoke?ownr=app_0000000000000000000001", new { })).Expect(400, "invalid_request");
        await admin.PostAsync("/v1/credentials/bulk/rotate?state=active", new { overlap_seconds = 0 }).ExpectFaultAsync("overlap_seconds");
        var key = new Dictionary<string, string> { ["Idempotency-Key"] = "again" };
        (await admin.SendAsync(HttpMethod.Post, "/v1/credentials/bulk/disable?state=active", null, key)).Expect(400, "invalid_request");
    }

    private static async Task<List<JsonElement>> WalkAsync(ApiClient client, string path, object? body)
    {
        var (items, cursor) = (new List<JsonElement>(), (string?)null);
        do
        {
            var answer = (await client.PostAsync(cursor is null ? path : $"{path}&cursor={cursor}", body)).Expect(200);
            items.AddRange(answer.Json.GetProperty("items").EnumerateArray());
            cursor = answer.Json.GetProperty("next_cursor").GetString();
        } while (cursor is not null);
        return items;
    }

    private static async Task<List<JsonElement>> EventsAsync(ApiClient admin, string target, string action) =>
        [.. (await admin.GetAsync($"/v1/audit?target={target}&action={action}").Expect(200)).Json.GetProperty("items").EnumerateArray()];

    private static string Id(JsonElement item) => item.GetProperty("credential").GetProperty("id").GetString()!;

    private static string[] Ids(IEnumerable<JsonElement> items) => [.. items.Select(Id)];
}
