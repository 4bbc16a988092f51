using static Tokenry.Server.Tests.Core.Access.ManagementCalls;
using static Tokenry.Server.Tests.Features.Organizations.OrganizationCalls;

namespace Tokenry.Server.Tests.Features.Roles;

using Tokenry.Server.Tests.Core.Access;

/// <summary>What a change of roles on objects, or of what they stand on, means for those who have them.</summary>
public sealed class ObjectRolesChangedTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_promotion_to_all_objects_is_a_gain_and_the_way_back_a_loss(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var user = $"/v1/users/{world.UserId}";
        await world.GiveAsync(user, "base:a").Expect(200);
        var token = await world.TokenAsync();
        var both = new { roles = new[] { world.ReaderId, world.WriterId } };
        Assert.Equal((1, 0), Counts(await world.Admin.PatchAsync($"{user}?dry_run=true", both)));
        await world.Admin.PatchAsync(user, both).Expect(200);
        Assert.Equal("valid", await world.CodeAsync(token, ["write"], null));
        Assert.Equal((0, 1), Counts(await world.Admin.PatchAsync($"{user}?dry_run=true", new { roles = new[] { world.ReaderId } })));
    }

    [Theory, BothEngines]
    public async Task A_dry_run_counts_what_the_owner_of_an_application_allows_on_each_object(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var application = (await world.Admin.CreateApplicationAsync([])).Id;
        await world.Admin.PostAsync($"/v1/applications/{application}/transfer", new { owner = world.UserId }).Expect(200);
        await world.Admin.CreateApiKeyAsync(application, new { permissions = "owner" });
        var (owner, own) = ($"/v1/users/{world.UserId}", $"/v1/applications/{application}");
        await world.GiveAsync(owner, "base:*").Expect(200);
        await world.GiveAsync(own, "base:a").Expect(200);
        Assert.Equal((1, 0), Counts(await world.GiveAsync(own, ["base:a", "base:b"], "?dry_run=true")));
        Assert.Equal((0, 0), Counts(await world.GiveAsync(own, ["base:a", "base:a"], "?dry_run=true")));
        await world.GiveAsync(own, "base:*").Expect(200);
        await world.GiveAsync(owner, "base:a").Expect(200);
        Assert.Equal((1, 1), Counts(await world.GiveAsync(owner, ["base:b"], "?dry_run=true")));
    }

    [Theory, BothEngines]
    public async Task A_dry_run_tells_who_gains_and_who_loses_on_objects(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var user = $"/v1/users/{world.UserId}";
        var (all, limited) = (await world.TokenAsync(), await world.TokenAsync(["base:a"]));
        Assert.Equal($"gains {all.Id} {limited.Id}, loses ", await ToldAsync("base:a"));
        await world.GiveAsync(user, "base:a").Expect(200);
        Assert.Equal("gains , loses ", await ToldAsync("base:a"));
        Assert.Equal($"gains {all.Id}, loses {all.Id} {limited.Id}", await ToldAsync("base:b"));
        Assert.Equal($"gains {all.Id}, loses ", await ToldAsync("base:a", "base:b"));
        Assert.Equal($"gains , loses {all.Id} {limited.Id}", await ToldAsync());
        await world.GiveAsync(user, "base:*").Expect(200);
        Assert.Equal($"gains , loses {all.Id}", await ToldAsync("base:a")); // fewer objects, and all of those of the other

        async Task<string> ToldAsync(params string[] objects)
        {
            var told = await world.Admin.SendAsync(
                HttpMethod.Put,
                $"{user}/object-roles?dry_run=true",
                new { items = objects.Length == 0 ? [] : new[] { new { role = world.WriterId, objects } } }
            );
            told.Expect(200);
            return $"gains {Of("gains")}, loses {Of("loses")}";

            string Of(string side) =>
                string.Join(
                    ' ',
                    told.Json.GetProperty(side)
                        .GetProperty("items")
                        .EnumerateArray()
                        .Select(item => item.GetProperty("credential_id").GetString())
                        .Order(StringComparer.Ordinal)
                );
        }
    }

    [Theory, BothEngines]
    public async Task A_further_object_type_of_an_api_gives_nothing_beyond_the_callers_rights(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var one = await admin.CreateApiAsync(["read"], new { object_types = new[] { "base" } });
        var other = await admin.CreateApiAsync(["pay"], new { object_types = new[] { "repo" } });
        var role = await admin.CreateRoleAsync([At(one.Identifier, "read"), At(other.Identifier, "pay")]);
        var caller = await admin.CallerAsync("api-resources:write", "tokens:own");
        var items = new[] { new { role = role.Id, objects = new[] { "base:*" } } };
        await admin.SendAsync(HttpMethod.Put, $"/v1/users/{caller.Id}/object-roles", new { items }).Expect(200);
        await admin.CreatePersonalAccessTokenAsync(caller.Id, new { permissions = "owner", objects = new[] { "base:x" } });
        var wider = new { object_types = new[] { "repo", "base" } };
        await caller.Client.PatchAsync($"/v1/api-resources/{other.Id}", wider).Expect(403, "exceeds_own_rights");
        Assert.Equal((1, 0), Counts(await admin.PatchAsync($"/v1/api-resources/{other.Id}?dry_run=true", wider)));
        await caller.Client.PatchAsync($"/v1/api-resources/{other.Id}", new { object_types = new[] { "repo", "disk" } }).Expect(200);
    }

    [Theory, BothEngines]
    public async Task A_role_that_someone_has_on_objects_is_found_and_not_deleted(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        await world.GiveAsync($"/v1/users/{world.UserId}", "base:a").Expect(200);
        Assert.Equal([world.UserId], Ids(await world.Admin.GetAsync($"/v1/users?role={world.WriterId}")));
        await world.Admin.DeleteAsync($"/v1/roles/{world.WriterId}").Expect(409);
        await world.GiveAsync($"/v1/users/{world.UserId}").Expect(200);
        await world.Admin.DeleteAsync($"/v1/roles/{world.WriterId}").Expect(204);
    }

    [Theory, BothEngines]
    public async Task A_deleted_principal_has_no_role_any_more(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        await world.GiveAsync($"/v1/users/{world.UserId}", "base:a").Expect(200);
        await world.Admin.DeleteAsync($"/v1/users/{world.UserId}").Expect(204);
        await world.Admin.DeleteAsync($"/v1/roles/{world.WriterId}").Expect(204);
        await world.Admin.DeleteAsync($"/v1/roles/{world.ReaderId}").Expect(204);
        var deleted = await world.Admin.GetAsync($"/v1/audit?action=user.deleted&target={world.UserId}").Expect(200);
        Assert.Contains($"{world.WriterId} on base:a", deleted.Body, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task What_an_api_does_not_declare_any_more_is_kept_and_can_be_taken(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var user = $"/v1/users/{world.UserId}";
        await world.GiveAsync(user, "base:a", "base:b").Expect(200);
        var api = (await world.Admin.GetAsync($"/v1/api-resources?identifier={Uri.EscapeDataString(world.Api)}").Expect(200)).Json;
        var id = api.GetProperty("items")[0].GetProperty("id").GetString();
        await world.Admin.PatchAsync($"/v1/api-resources/{id}", new { object_types = new[] { "space" } }).Expect(200);
        await world.GiveAsync(user, "base:b").Expect(200);
        await world.GiveAsync(user, "base:b", "base:c").ExpectFaultAsync("objects");
        await world.GiveAsync(user, "base:b", "space:c").Expect(200);
    }

    private static (long Gains, long Loses) Counts(ApiResponse told) =>
        (
            told.Expect(200).Json.GetProperty("gains").GetProperty("count").GetInt64(),
            told.Json.GetProperty("loses").GetProperty("count").GetInt64()
        );
}
