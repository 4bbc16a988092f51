using static Tokenry.Server.Tests.Core.Access.ManagementCalls;
using static Tokenry.Server.Tests.Features.Organizations.OrganizationCalls;

namespace Tokenry.Server.Tests.Features.Roles;

using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Organizations;

/// <summary>A role on some objects counts where a request names one, and for a credential that is limited to them. Elsewhere it gives nothing.</summary>
public sealed class ObjectRolesTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task The_role_counts_at_its_objects_alone_at_every_door(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        await world.GiveAsync($"/v1/users/{world.UserId}", "base:a", "space:*").Expect(200);
        var token = await world.TokenAsync();
        foreach (var inside in new[] { "base:a", "space:x", "space:y/z" })
        {
            Assert.Equal("valid", await world.CodeAsync(token, ["write"], inside));
            await world.DoorAsync(token, "write", inside).Expect(200);
        }

        foreach (var outside in new[] { "base:b", "base:aa", "base:A", "spacex:x", null })
        {
            Assert.Equal("insufficient_scope", await world.CodeAsync(token, ["write"], outside));
            await world.DoorAsync(token, "write", outside).Expect(403, "insufficient_scope");
            Assert.Equal("valid", await world.CodeAsync(token, ["read"], outside)); // of the role that counts everywhere
        }

        var answer = await world.Admin.VerifyAsync(token.Secret, world.Api, ["write"], "base:a").Expect(200);
        Assert.Equal(["read", "write"], Strings(answer.Json.GetProperty("scopes")));
    }

    [Theory, BothEngines]
    public async Task Who_has_rights_on_objects_alone_is_told_that_it_is_the_object(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        await world.Admin.PatchAsync($"/v1/users/{world.UserId}", new { roles = Array.Empty<string>() }).Expect(200);
        var token = await world.TokenAsync();
        Assert.Equal("wrong_api", await world.CodeAsync(token, [], "base:a"));
        await world.GiveAsync($"/v1/users/{world.UserId}", "base:a").Expect(200);
        Assert.Equal("object_not_allowed", await world.CodeAsync(token, [], null));
        Assert.Equal("object_not_allowed", await world.CodeAsync(token, ["write"], "base:b"));
        Assert.Equal("valid", await world.CodeAsync(token, ["write"], "base:a"));
        await world.GiveAsync($"/v1/users/{world.UserId}").Expect(200);
        Assert.Equal("wrong_api", await world.CodeAsync(token, [], "base:a"));
    }

    [Theory, BothEngines]
    public async Task A_credential_that_is_limited_to_the_objects_has_the_right_without_naming_one(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        await world.GiveAsync($"/v1/users/{world.UserId}", "base:a", "base:b/*").Expect(200);
        foreach (
            var (objects, scopes) in new (string[], string[])[]
            {
                (["base:a"], ["read", "write"]),
                (["base:a", "base:b/c"], ["read", "write"]),
                (["base:b/c/*"], ["read", "write"]),
                (["base:a", "base:c"], ["read"]), // on one of them only
                (["base:*"], ["read"]),
            }
        )
        {
            var limited = await world.TokenAsync(objects);
            var answer = await world.Admin.VerifyAsync(limited.Secret, world.Api).Expect(200);
            Assert.Equal(scopes, Strings(answer.Json.GetProperty("scopes")));
            var introspected = await world.Admin.FormAsync("/oauth/introspect", [("token", limited.Secret)]);
            Assert.Equal(string.Join(' ', scopes), introspected.Expect(200).Text("scope"));
            Assert.Equal(
                string.Join(' ', scopes),
                string.Join(
                    ' ',
                    (await world.Admin.With(limited.Secret).GetAsync("/v1/me").Expect(200))
                        .Json.GetProperty("permissions")
                        .EnumerateArray()
                        .SelectMany(permission => Strings(permission.GetProperty("scopes")))
                )
            );
        }

        // It is limited to c, and its owner has the right on a: neither opens the other.
        var elsewhere = await world.TokenAsync(["base:c"]);
        Assert.Equal("insufficient_scope", await world.CodeAsync(elsewhere, ["write"], "base:c"));
        Assert.Equal("object_not_allowed", await world.CodeAsync(elsewhere, ["write"], "base:a"));
    }

    [Theory, BothEngines]
    public async Task Taken_or_moved_it_counts_no_more_at_the_next_check(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var user = $"/v1/users/{world.UserId}";
        var token = await world.TokenAsync();
        for (var i = 0; i < 3; i++)
        {
            await world.GiveAsync(user, "base:a").Expect(200);
            Assert.Equal("valid", await world.CodeAsync(token, ["write"], "base:a"));
            await world.GiveAsync(user, "base:b").Expect(200);
            Assert.Equal("insufficient_scope", await world.CodeAsync(token, ["write"], "base:a"));
            Assert.Equal("valid", await world.CodeAsync(token, ["write"], "base:b"));
            await world.GiveAsync(user).Expect(200);
            Assert.Equal("insufficient_scope", await world.CodeAsync(token, ["write"], "base:b"));
        }

        var events = await world.Admin.GetAsync($"/v1/audit?action=user.object_roles_replaced&target={world.UserId}&limit=200").Expect(200);
        Assert.Equal(9, events.Json.GetProperty("items").GetArrayLength());
        await world.GiveAsync(user).Expect(200); // changes nothing
        events = await world.Admin.GetAsync($"/v1/audit?action=user.object_roles_replaced&target={world.UserId}&limit=200").Expect(200);
        Assert.Equal(9, events.Json.GetProperty("items").GetArrayLength());
    }

    [Theory, BothEngines]
    public async Task An_application_has_it_within_what_its_owner_has_there(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var application = await world.Admin.CreateApplicationAsync([world.WriterId]);
        await world.Admin.PostAsync($"/v1/applications/{application.Id}/transfer", new { owner = world.UserId }).Expect(200);
        var key = await world.Admin.CreateApiKeyAsync(application.Id, new { permissions = "owner" });
        Assert.Equal("wrong_api", await world.CodeAsync(key, ["write"], "base:a"));
        await world.GiveAsync($"/v1/users/{world.UserId}", "base:a").Expect(200);
        Assert.Equal("valid", await world.CodeAsync(key, ["write"], "base:a"));
        Assert.Equal("object_not_allowed", await world.CodeAsync(key, ["write"], "base:b"));

        var machine = await world.Admin.CreateApplicationAsync([]);
        await world.GiveAsync($"/v1/applications/{machine.Id}", "base:b").Expect(200);
        var own = await world.Admin.CreateApiKeyAsync(machine.Id, new { permissions = "owner" });
        Assert.Equal("valid", await world.CodeAsync(own, ["write"], "base:b"));
        Assert.Equal("object_not_allowed", await world.CodeAsync(own, ["write"], "base:a"));
    }

    [Theory, BothEngines]
    public async Task In_an_organization_it_ends_with_the_membership(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var (one, two) = (await world.Admin.OrganizationAsync(), await world.Admin.OrganizationAsync());
        var place = $"/v1/organizations/{one}/members/{world.UserId}";
        await world.GiveAsync(place, "base:a").Expect(404);
        await world.Admin.JoinAsync(one, world.UserId).Expect(200);
        await world.Admin.JoinAsync(two, world.UserId).Expect(200);
        await world.GiveAsync(place, "base:a").Expect(200);
        var there = await world.TokenAsync(in_: one);
        Assert.Equal("valid", await world.CodeAsync(there, ["write"], "base:a"));
        Assert.Equal("insufficient_scope", await world.CodeAsync(there, ["write"], "base:b"));
        foreach (var elsewhere in new[] { await world.TokenAsync(in_: two), await world.TokenAsync() })
            Assert.Equal("insufficient_scope", await world.CodeAsync(elsewhere, ["write"], "base:a"));

        await world.Admin.RemoveAsync(one, world.UserId).Expect(200);
        await world.Admin.JoinAsync(one, world.UserId).Expect(200);
        Assert.Equal("insufficient_scope", await world.CodeAsync(there, ["write"], "base:a"));
        AssertJson("""{"items":[]}""", (await world.Admin.GetAsync($"{place}/object-roles").Expect(200)).Json);
    }

    [Theory, BothEngines]
    public async Task An_organization_gives_only_what_its_administrator_has(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var (mine, other) = (await world.Admin.OrganizationAsync(), await world.Admin.OrganizationAsync());
        await world.Admin.JoinAsync(mine, world.UserId).Expect(200);
        await world.Admin.JoinAsync(other, world.UserId).Expect(200);
        var weak = await world.Admin.AdministratorAsync(mine);
        await world.GiveAsync(weak.Client, $"/v1/organizations/{mine}/members/{world.UserId}", "base:a").Expect(403, "exceeds_own_rights");
        var strong = await world.Admin.MemberAsync(
            mine,
            [OrganizationAdministrator, world.WriterId],
            At(Management, AllScopes),
            At(world.Api, "write")
        );
        await world.GiveAsync(strong.Client, $"/v1/organizations/{mine}/members/{world.UserId}", "base:a").Expect(200);
        await world.GiveAsync(strong.Client, $"/v1/organizations/{other}/members/{world.UserId}", "base:a").Expect(404);
        await world.GiveAsync(strong.Client, $"/v1/users/{world.UserId}", "base:a").Expect(403, "insufficient_scope");
        // What the member has already is no new gift, and neither is a part of it.
        await world.GiveAsync(strong.Client, $"/v1/organizations/{mine}/members/{world.UserId}", "base:*").Expect(200);
        await world.GiveAsync(weak.Client, $"/v1/organizations/{mine}/members/{world.UserId}", "base:*").Expect(200);
        await world.GiveAsync(weak.Client, $"/v1/organizations/{mine}/members/{world.UserId}", "base:b").Expect(200);
        await world.GiveAsync(weak.Client, $"/v1/organizations/{mine}/members/{world.UserId}", "base:a").Expect(403, "exceeds_own_rights");
    }

    [Theory, BothEngines]
    public async Task A_key_for_oneself_reaches_no_object_that_the_caller_does_not(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var roles = new[] { world.ReaderId, Developer };
        await world.Admin.PatchAsync($"/v1/users/{world.UserId}", new { roles }).Expect(200);
        await world.GiveAsync($"/v1/users/{world.UserId}", "base:a").Expect(200);
        var caller = world.Admin.With(
            (
                await world.Admin.CreatePersonalAccessTokenAsync(
                    world.UserId,
                    new { permissions = new[] { At(world.Api, "read", "write"), At(Management, "applications:own", "tokens:own") } }
                )
            ).Secret
        );
        var both = new[] { At(world.Api, "read", "write") };
        // A token of one's own has what one has: at the same objects.
        var own = await caller.PostAsync("/v1/me/tokens", new { name = "x", permissions = both }).Expect(201);
        Assert.Equal("valid", await world.Admin.CodeAsync(own.Text("token"), world.Api, ["write"], "base:a"));
        Assert.Equal("insufficient_scope", await world.Admin.CodeAsync(own.Text("token"), world.Api, ["write"], "base:b"));

        // Without permissions it gets what counts everywhere; limited to the object, also what counts there.
        var plain = await caller.PostAsync("/v1/me/tokens", new { name = "x" }).Expect(201);
        Assert.Equal("insufficient_scope", await world.Admin.CodeAsync(plain.Text("token"), world.Api, ["write"], "base:a"));
        var limited = await caller.PostAsync("/v1/me/tokens", new { name = "x", objects = new[] { "base:a" } }).Expect(201);
        Assert.Equal("valid", await world.Admin.CodeAsync(limited.Text("token"), world.Api, ["write"], "base:a"));
        await caller
            .PostAsync(
                "/v1/me/tokens",
                new
                {
                    name = "x",
                    permissions = both,
                    objects = new[] { "base:b" },
                }
            )
            .Expect(403, "exceeds_owner_rights");

        // An application of the caller's has the role on another object, where it is not bounded: its key would reach further than the caller.
        var application = (await caller.PostAsync("/v1/applications", new { name = "mine" }).Expect(201)).Text("id");
        await world.GiveAsync($"/v1/applications/{application}", "base:*").Expect(200);
        var key = await caller
            .PostAsync($"/v1/applications/{application}/api-keys", new { name = "x", permissions = "owner" })
            .Expect(403, "exceeds_own_rights");
        Assert.Contains("grow", key.Text("detail"), StringComparison.Ordinal);
        var named = await caller.PostAsync($"/v1/applications/{application}/api-keys", new { name = "x", permissions = both[..0] });
        named.Expect(201);
        // Within its owner it reaches the owner's object, and no other.
        var made = await caller
            .PostAsync($"/v1/applications/{application}/api-keys", new { name = "x", permissions = new[] { At(world.Api, "write") } })
            .Expect(201);
        Assert.Equal("valid", await world.Admin.CodeAsync(made.Text("token"), world.Api, ["write"], "base:a"));
        Assert.Equal("object_not_allowed", await world.Admin.CodeAsync(made.Text("token"), world.Api, ["write"], "base:b"));
    }

    [Theory, BothEngines]
    public async Task A_calling_token_that_names_less_gives_no_more_on_objects(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        await world.GiveAsync($"/v1/users/{world.UserId}", "base:a").Expect(200);
        var caller = world.Admin.With(
            (
                await world.Admin.CreatePersonalAccessTokenAsync(
                    world.UserId,
                    new { permissions = new[] { At(world.Api, "read"), At(Management, "tokens:own") } }
                )
            ).Secret
        );
        foreach (var objects in new[] { null, new[] { "base:a" } })
            await caller
                .PostAsync(
                    "/v1/me/tokens",
                    new
                    {
                        name = "x",
                        permissions = new[] { At(world.Api, "write") },
                        objects,
                    }
                )
                .Expect(403, "exceeds_own_rights");
    }

    [Theory, BothEngines]
    public async Task What_it_cannot_mean_is_refused_by_name(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var plain = await world.Admin.CreateApiAsync(["x"]);
        var withoutObjects = await world.Admin.CreateRoleAsync([At(plain.Identifier, "x")]);
        var user = $"/v1/users/{world.UserId}/object-roles";
        foreach (
            var (role, objects, fault) in new (string, string[], string)[]
            {
                ("rol_000000000000000000000A", ["base:a"], "role"),
                (Administrator, ["base:a"], "role"),
                (world.WriterId, [], "objects"),
                (world.WriterId, ["base"], "objects"),
                (world.WriterId, ["base:a/../b"], "objects"),
                (world.WriterId, ["other:a"], "objects"),
                (withoutObjects.Id, ["base:a"], "objects"),
            }
        )
            await world.Admin.SendAsync(HttpMethod.Put, user, new { items = new[] { new { role, objects } } }).ExpectFaultAsync(fault);

        await world.Admin.SendAsync(HttpMethod.Put, user, new { items = new object?[] { null } }).ExpectFaultAsync("items");
        var many = Enumerable.Range(0, 101).Select(i => $"base:{i}").ToArray();
        await world
            .Admin.SendAsync(HttpMethod.Put, user, new { items = new[] { new { role = world.WriterId, objects = many } } })
            .ExpectFaultAsync("objects");
        AssertJson("""{"items":[]}""", (await world.Admin.GetAsync(user).Expect(200)).Json);
    }

    [Theory, BothEngines]
    public async Task A_token_for_the_api_behind_a_proxy_says_what_counts_for_all_its_objects(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        await world.GiveAsync($"/v1/users/{world.UserId}", "base:a").Expect(200);
        var token = await world.TokenAsync();
        var answer = await world
            .Admin.With(token.Secret)
            .GetAsync($"/v1/forward-auth?api={Uri.EscapeDataString(world.Api)}&scope=write&object=base%3Aa&as=jwt")
            .Expect(200);
        Assert.Equal("read write", answer.Header("X-Tokenry-Scopes"));
        var jwt = answer.Header("X-Tokenry-Jwt")!;
        Assert.Equal(
            ["read"],
            Strings((await world.Admin.VerifyAsync(jwt, world.Api, null, "base:a").Expect(200)).Json.GetProperty("scopes"))
        );
    }

    [Theory, BothEngines]
    public async Task Objects_of_another_api_take_nothing_from_a_credential(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        await world.GiveAsync($"/v1/users/{world.UserId}", "base:a").Expect(200);
        var token = await world.TokenAsync(["base:a", "repo:x"]);
        var answer = await world.Admin.VerifyAsync(token.Secret, world.Api).Expect(200);
        Assert.Equal(["read", "write"], Strings(answer.Json.GetProperty("scopes")));
        var foreign = await world.TokenAsync(["repo:x"]);
        Assert.Equal("object_not_allowed", await world.CodeAsync(foreign, ["write"], "base:a"));
        Assert.Equal("insufficient_scope", await world.CodeAsync(foreign, ["write"], null));
    }
}
