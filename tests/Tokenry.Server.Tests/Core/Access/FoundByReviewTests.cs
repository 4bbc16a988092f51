using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Access;

/// <summary>Holes that a reading of the code found; each would have let somebody do more than they may, or fail where nothing was wrong.</summary>
public sealed class FoundByReviewTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Enabling_a_stronger_credential_is_minting_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var weak = await admin.PersonWithTokenAsync([], At(Management, "tokens:own"));
        var strong = await admin
            .PostAsync(
                $"/v1/users/{weak.Id}/tokens",
                new
                {
                    name = "strong",
                    expires_at = (string?)null,
                    permissions = new[] { new { api = Management, scopes = new[] { "tokens:own" } } },
                }
            )
            .Expect(201);
        await admin.PostAsync($"/v1/tokens/{strong.Text("id")}/disable").Expect(200);
        // It never ends, the calling token does: to wake it would outlive its waker.
        await weak.Client.PostAsync($"/v1/me/tokens/{strong.Text("id")}/enable").Expect(403, "exceeds_own_rights");
        await admin.PostAsync($"/v1/tokens/{strong.Text("id")}/enable").Expect(200);
    }

    [Theory, BothEngines]
    public async Task A_quick_key_with_the_scopes_of_a_built_in_role_is_made(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var key = await admin
            .PostAsync(
                "/v1/api-keys",
                new
                {
                    name = "quick",
                    api = Management,
                    scopes = new[] { "tokens:own" },
                }
            )
            .Expect(201);
        var application = await admin.GetAsync($"/v1/applications/{key.Text("owner.id")}").Expect(200);
        AssertJson("[]", application.Json.GetProperty("roles"));
    }

    [Theory, BothEngines]
    public async Task Rotations_at_once_follow_each_other(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var rotations = await Task.WhenAll(
            Enumerable.Range(0, 12).Select(_ => admin.PostAsync($"/v1/api-keys/{made.ApiKey.Id}/rotate", new { overlap_seconds = 60 }))
        );
        var secrets = rotations.Select(rotation => rotation.Expect(200).Text("token")).ToList();
        var codes = await Task.WhenAll(secrets.Select(secret => admin.CodeAsync(secret, made.Api.Identifier)));
        Assert.Equal(2, codes.Count(code => code == "valid")); // the last and the one before
        Assert.Equal(10, codes.Count(code => code == "revoked"));
    }

    [Theory, BothEngines]
    public async Task Patches_at_once_do_not_undo_each_other(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var path = $"/v1/api-keys/{made.ApiKey.Id}";
        for (var round = 0; round < 10; round++)
        {
            await admin.PatchAsync(path, new { name = "before", allowed_ips = (string[]?)null }).Expect(200);
            var both = await Task.WhenAll(
                admin.PatchAsync(path, new { allowed_ips = new[] { "10.0.0.0/8" } }),
                admin.PatchAsync(path, new { name = "after" })
            );
            Assert.All(both, answer => answer.Expect(200));
            var key = await admin.GetAsync(path).Expect(200);
            Assert.Equal("after", key.Text("name"));
            Assert.Equal(1, key.Json.GetProperty("allowed_ips").GetArrayLength());
        }
    }

    [Theory, BothEngines]
    public async Task A_rename_minds_nothing_that_it_does_not_touch(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role("a", "b").Application().CreateAsync();
        var key = await admin
            .PostAsync(
                $"/v1/applications/{made.Application.Id}/api-keys",
                new { name = "old", permissions = new[] { new { api = made.Api.Identifier, scopes = new[] { "a", "b" } } } }
            )
            .Expect(201);
        await admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { scopes = new[] { new { name = "a" } } }).Expect(200);
        await admin.PatchAsync($"/v1/api-keys/{key.Text("id")}", new { name = "new" }).Expect(200);
        await admin.PatchAsync($"/v1/roles/{made.Role.Id}", new { name = CreateRequests.Unique("renamed") }).Expect(200);
    }

    [Theory, BothEngines]
    public async Task A_token_limited_to_objects_claims_no_rights_where_none_live(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api("a")
            .Role("a")
            .User()
            .PersonalAccessToken(_ => new { name = "narrow", objects = new[] { "repo:acme/*" } })
            .CreateAsync();
        var me = await admin.With(made.PersonalAccessToken.Secret).GetAsync("/v1/me").Expect(200);
        Assert.Equal(0, me.Json.GetProperty("permissions").GetArrayLength());
    }
}
