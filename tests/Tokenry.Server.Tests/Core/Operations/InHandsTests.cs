using Tokenry.Server.Tests.Contracts;
using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Core.Operations;

using static ManagementCalls;

/// <summary>
/// A bound that was kept when a credential was made is not lifted afterwards by the same caller: what is in their hands gets nothing that the calling credential has not.
/// </summary>
public sealed class InHandsTests(SharedServers servers)
{
    /// <summary>By route: the operations that give rights, each tried out on what is in the caller's hands and on what is not.</summary>
    private static readonly Dictionary<string, Func<HandsWorld, bool, Task<Attempt>>> Gives = new(StringComparer.Ordinal)
    {
        ["PATCH /v1/applications/{id}"] = async (world, held) =>
        {
            var path = $"/v1/applications/{(held ? await world.OwnAsync() : await world.ForeignAsync())}";
            return caller => caller.PatchAsync(path, new { permissions = world.Both });
        },
        ["PATCH /v1/roles/{id}"] = async (world, held) =>
        {
            var role = await world.Admin.CreateRoleAsync([world.Read]);
            var holder = held ? await world.OwnAsync() : await world.ForeignAsync();
            await world.Admin.PatchAsync($"/v1/applications/{holder}", new { roles = new[] { role.Id } }).Expect(200);
            return caller => caller.PatchAsync($"/v1/roles/{role.Id}", new { permissions = world.Both });
        },
        ["PATCH /v1/users/{id}"] = async (world, held) =>
        {
            var user = held ? await world.HeldUserAsync() : (await world.Admin.PersonAsync()).Id;
            return caller => caller.PatchAsync($"/v1/users/{user}", new { roles = new[] { world.RoleId } });
        },
        ["POST /v1/approvals/{id}/approve"] = async (world, held) =>
        {
            var user = held ? await world.HeldUserAsync() : (await world.Admin.PersonAsync()).Id;
            await world.Admin.PatchAsync($"/v1/roles/{world.RoleId}", new { requestable = true }).Expect(200);
            var request = await Actor.RoleRequestAsync(world.Admin, user, world.RoleId);
            return caller => caller.PostAsync($"/v1/approvals/{request}/approve", new { });
        },
        ["POST /v1/users/{id}/enable"] = async (world, held) =>
        {
            var user = held ? await world.HeldUserAsync() : (await world.Admin.PersonAsync()).Id;
            await world.Admin.PatchAsync($"/v1/users/{user}", new { roles = new[] { world.RoleId } }).Expect(200);
            await world.Admin.PostAsync($"/v1/users/{user}/disable").Expect(200);
            return caller => caller.PostAsync($"/v1/users/{user}/enable");
        },
        ["POST /v1/applications/{id}/enable"] = async (world, held) =>
        {
            var application = held ? await world.OwnAsync() : await world.ForeignAsync();
            await world.WidenAsync(application);
            await world.Admin.PostAsync($"/v1/applications/{application}/disable").Expect(200);
            return caller => caller.PostAsync($"/v1/applications/{application}/enable");
        },
        ["POST /v1/applications/{id}/transfer"] = async (world, held) =>
        {
            // Taking over; giving away is a test of its own.
            var application = await world.ForeignAsync();
            await world.WidenAsync(application);
            var owner = held ? world.UserId : (await world.Admin.PersonAsync()).Id;
            return caller => caller.PostAsync($"/v1/applications/{application}/transfer", new { owner });
        },
        ["POST /v1/organizations/{owner}/members"] = async (world, held) =>
        {
            var member = held ? await world.OwnAsync() : await world.ForeignAsync();
            var path = $"/v1/organizations/{await OrganizationAsync(world)}/members";
            return caller => caller.PostAsync(path, new { member, roles = new[] { world.RoleId } });
        },
        ["PUT /v1/organizations/{owner}/members/{id}"] = async (world, held) =>
        {
            var member = held ? await world.OwnAsync() : await world.ForeignAsync();
            var path = $"/v1/organizations/{await OrganizationAsync(world)}/members/{member}";
            return caller => caller.SendAsync(HttpMethod.Put, path, new { roles = new[] { world.RoleId } });
        },
        ["PUT /v1/users/{id}/object-roles"] = async (world, held) =>
            OnObjects(world, $"/v1/users/{(held ? await world.HeldUserAsync() : (await world.Admin.PersonAsync()).Id)}"),
        ["PUT /v1/applications/{id}/object-roles"] = async (world, held) =>
            OnObjects(world, $"/v1/applications/{(held ? await world.OwnAsync() : await world.ForeignAsync())}"),
        ["PUT /v1/organizations/{owner}/members/{id}/object-roles"] = async (world, held) =>
        {
            var member = held ? await world.OwnAsync() : await world.ForeignAsync();
            var members = $"/v1/organizations/{await OrganizationAsync(world)}/members";
            await world.Admin.PostAsync(members, new { member }).Expect(200);
            return OnObjects(world, $"{members}/{member}");
        },
        ["POST /v1/users/{id}/disable"] = (world, held) => EndWithTransferAsync(world, held, HttpMethod.Post, "/disable"),
        ["DELETE /v1/users/{id}"] = (world, held) => EndWithTransferAsync(world, held, HttpMethod.Delete, ""),
        ["PATCH /v1/api-resources/{id}"] = async (world, held) =>
        {
            var api = held ? world.ApiId : (await world.Admin.CreateApiAsync(["r", "w"])).Id;
            return caller =>
                caller.PatchAsync(
                    $"/v1/api-resources/{api}",
                    new { scopes = new object[] { new { name = "r", implies = new[] { "w" } }, new { name = "w" } } }
                );
        },
    };

    /// <summary>Routes that change rights and give none to anybody.</summary>
    private static readonly Dictionary<string, string> GiveNothing = new(StringComparer.Ordinal)
    {
        ["POST /v1/roles"] = "a new role has no holder",
        ["DELETE /v1/roles/{id}"] = "only a role without holders is deleted",
        ["DELETE /v1/applications/{id}"] = "ends rights",
        ["DELETE /v1/organizations/{owner}/members/{id}"] = "ends rights",
        ["POST /v1/applications/{id}/disable"] = "ends rights",
        ["DELETE /v1/api-resources/{id}"] = "ends rights, and what is registered under the identifier later starts with none",
    };

    private static Attempt OnObjects(HandsWorld world, string place) =>
        caller =>
            caller.SendAsync(
                HttpMethod.Put,
                $"{place}/object-roles",
                new { items = new[] { new { role = world.RoleId, objects = new[] { "thing:1" } } } }
            );

    private static async Task<string> OrganizationAsync(HandsWorld world) =>
        (await world.Admin.PostAsync("/v1/organizations", new { name = "x" }).Expect(201)).Text("id");

    [Fact]
    public async Task Every_route_that_changes_rights_is_tried_out_here_or_gives_none() =>
        Assert.Equal(
            (await Route.AllAsync()).Where(route => route.ChangesRights).Select(route => route.ToString()).Order(StringComparer.Ordinal),
            Gives.Keys.Concat(GiveNothing.Keys).Order(StringComparer.Ordinal)
        );

    [Theory, BothEngines]
    public async Task What_is_in_ones_hands_gets_no_more_than_the_calling_credential_has(Engine engine)
    {
        foreach (var route in Gives.Keys)
        {
            await TryOutAsync(await servers.AdminAsync(engine), route);
        }
    }

    private static async Task TryOutAsync(ApiClient admin, string route)
    {
        var world = await HandsWorld.ArrangeAsync(admin);
        var attempt = await Gives[route](world, true);
        var answer = await attempt(world.Weak);
        Assert.True(answer.Status == 403, $"{route}: {answer.Status} {answer.Body}");
        var refused = answer.Expect(403, "exceeds_own_rights");
        Assert.Contains($"w at {world.Api}", refused.Text("detail"), StringComparison.Ordinal);
        answer = await attempt(world.Strong);
        Assert.True(answer.Status is 200 or 204, $"{route}, with the rights oneself: {answer.Status} {answer.Body}");
        var foreign = await Gives[route](await HandsWorld.ArrangeAsync(world.Admin), false);
        answer = await foreign(world.Weak);
        Assert.True(answer.Status is 200 or 204, $"{route}, about what is in other hands: {answer.Status} {answer.Body}");
    }

    [Theory, BothEngines]
    public async Task Who_can_make_credentials_for_anybody_is_not_bound(Engine engine)
    {
        foreach (var route in Gives.Keys)
        {
            await TryOutUnboundAsync(await HandsWorld.ArrangeAsync(await servers.AdminAsync(engine)), route);
        }
    }

    private static async Task TryOutUnboundAsync(HandsWorld world, string route)
    {
        var attempt = await Gives[route](world, true);
        await world
            .Admin.PatchAsync(
                $"/v1/roles/{world.ManagersRoleId}",
                new { permissions = new[] { At(Management, HandsWorld.AnybodysManager) } }
            )
            .Expect(200);
        var token = await world.Admin.CreatePersonalAccessTokenAsync(
            world.UserId,
            new { permissions = new[] { At(Management, HandsWorld.AnybodysManager) } }
        );
        var answer = await attempt(world.Admin.With(token.Secret));
        Assert.True(answer.Status is 200 or 204, $"{route}: {answer.Status} {answer.Body}");
    }

    [Theory, BothEngines]
    public async Task An_application_that_was_given_back_stays_in_the_hands_of_who_has_its_secret(Engine engine)
    {
        var world = await HandsWorld.ArrangeAsync(await servers.AdminAsync(engine));
        foreach (var rotates in new[] { false, true })
        {
            var application = await world.ForeignAsync();
            var path = $"/v1/applications/{application}";
            var theirs = await world.Admin.CreateClientSecretAsync(application);
            await world.Weak.PostAsync(path + "/transfer", new { owner = world.UserId }).Expect(200);
            var secret = rotates
                ? await world
                    .Weak.PostAsync($"{path}/secrets/{theirs.Id}/rotate", new { overlap_seconds = 60, expires_at = In(3000) })
                    .Expect(200)
                : await world.Weak.PostAsync(path + "/secrets", new { name = "mine" }).Expect(201);
            await world.Weak.PostAsync(path + "/transfer", new { owner = (string?)null }).Expect(200);
            await world.Weak.PatchAsync(path, new { permissions = world.Both }).Expect(403, "exceeds_own_rights");
            await world.Weak.PatchAsync(path, new { roles = new[] { world.RoleId } }).Expect(403, "exceeds_own_rights");
            var bought = await world.Admin.With(null).TokenAsync((application, secret.Text("client_secret")), ("resource", world.Api));
            Assert.Equal("r", bought.Text("scope"));

            await world.Admin.DeleteAsync($"{path}/secrets/{secret.Text("id")}").Expect(204);
            await world.Weak.PatchAsync(path, new { permissions = world.Both }).Expect(200);
        }
    }

    [Theory, BothEngines]
    public async Task A_credential_that_made_another_and_was_revoked_leaves_its_maker_holding_the_other(Engine engine)
    {
        var world = await HandsWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var path = $"/v1/applications/{await world.OwnAsync(At(Management, "applications:own"))}";
        var first = await world
            .Weak.PostAsync(
                path + "/api-keys",
                new { name = "one", permissions = new[] { world.Read, At(Management, "applications:own") } }
            )
            .Expect(201);
        var maker = world.Admin.With(first.Text("token"));
        await maker.PostAsync(path + "/secrets", new { name = "two" }).Expect(201);
        var below = await maker.PostAsync("/v1/applications", new { name = "below", permissions = new[] { world.Read } }).Expect(201);
        await maker.PostAsync($"/v1/applications/{below.Text("id")}/secrets", new { name = "three" }).Expect(201);
        await world.Weak.DeleteAsync($"/v1/api-keys/{first.Text("id")}").Expect(204);
        foreach (var application in new[] { path, $"/v1/applications/{below.Text("id")}" })
        {
            await world.Weak.PostAsync(application + "/transfer", new { owner = (string?)null }).Expect(200);
            await world.Weak.PatchAsync(application, new { permissions = world.Both }).Expect(403, "exceeds_own_rights");
        }
    }

    [Theory, BothEngines]
    public async Task An_application_in_ones_hands_is_not_given_away_with_more_than_one_has(Engine engine)
    {
        var world = await HandsWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var path = $"/v1/applications/{await world.OwnAsync()}";
        await world.WidenAsync(path[(path.LastIndexOf('/') + 1)..]);
        var heir = await world.Admin.PersonAsync(world.RoleId);
        foreach (var owner in new[] { heir.Id, null })
        {
            await world.Weak.PostAsync(path + "/transfer", new { owner }).Expect(403, "exceeds_own_rights");
        }

        await world.Weak.PostAsync(path + "/transfer", new { owner = world.UserId }).Expect(200); // changes nothing
        await world.Strong.PostAsync(path + "/transfer", new { owner = heir.Id }).Expect(200);
    }

    [Theory, BothEngines]
    public async Task What_an_owner_gets_reaches_no_application_that_somebody_else_holds_a_secret_of(Engine engine)
    {
        var world = await HandsWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var application = await world.OwnAsync();
        await world.Weak.PostAsync($"/v1/applications/{application}/secrets", new { name = "mine" }).Expect(201);
        var reads = await world.Admin.CreateRoleAsync([world.Read]);
        var heir = await world.Admin.PersonAsync(reads.Id);
        await world.Weak.PostAsync($"/v1/applications/{application}/transfer", new { owner = heir.Id }).Expect(200);
        await world.Weak.PatchAsync($"/v1/users/{heir.Id}", new { roles = new[] { world.RoleId } }).Expect(200); // it names no more than r
        await world.Weak.PatchAsync($"/v1/users/{heir.Id}", new { roles = new[] { reads.Id } }).Expect(200);
        await world.WidenAsync(application); // by somebody who may; as long as its owner has not more, it has not
        await world.Weak.PatchAsync($"/v1/users/{heir.Id}", new { roles = new[] { world.RoleId } }).Expect(403, "exceeds_own_rights");
        await world.Weak.PatchAsync($"/v1/roles/{reads.Id}", new { permissions = world.Both }).Expect(403, "exceeds_own_rights");
    }

    [Theory, BothEngines]
    public async Task A_key_of_ones_application_does_not_raise_its_owner(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var world = await HandsWorld.ArrangeAsync(admin);
        object[] own = [world.Read, At(Management, "users:write", "applications:own")];
        var manages = await admin.CreateRoleAsync([world.Read, At(Management, "users:write", "applications:own")]);
        var user = await admin.PersonWithTokenAsync([manages.Id], own);
        var application = await user.Client.PostAsync("/v1/applications", new { name = "x", permissions = own }).Expect(201);
        var key = await user
            .Client.PostAsync($"/v1/applications/{application.Text("id")}/api-keys", new { name = "x", permissions = own })
            .Expect(201);
        var roles = new[] { manages.Id, world.RoleId };
        foreach (var caller in new[] { user.Client, admin.With(key.Text("token")) })
        {
            await caller.PatchAsync($"/v1/users/{user.Id}", new { roles }).Expect(403, "exceeds_own_rights");
        }
    }

    [Theory, BothEngines]
    public async Task A_scope_comes_to_imply_nothing_that_the_calling_credential_lacks(Engine engine)
    {
        var world = await HandsWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var path = $"/v1/api-resources/{world.ApiId}";
        object[] both = [new { name = "r", implies = new[] { "w" } }, new { name = "w" }];
        // Its user may do both, so that no principal gains: the calling token itself would.
        await world.Weak.PatchAsync(path, new { scopes = both }).Expect(403, "exceeds_own_rights");
        Assert.Equal("insufficient_scope", await world.Admin.CodeAsync(world.Weak.Bearer!, world.Api, ["w"]));
        object[] added = [new { name = "r", implies = new[] { "x" } }, new { name = "w" }, new { name = "x" }];
        await world.Weak.PatchAsync(path, new { scopes = added }).Expect(403, "exceeds_own_rights");
        // What it names no scope of, it may arrange as it likes, as long as its user gains nothing either.
        var manager = await world.Admin.CreatePersonalAccessTokenAsync(
            world.UserId,
            new { permissions = new[] { At(Management, "api-resources:write") } }
        );
        await world.Admin.With(manager.Secret).PatchAsync(path, new { scopes = added }).Expect(403, "exceeds_own_rights");
        await world.Admin.With(manager.Secret).PatchAsync(path, new { scopes = both }).Expect(200);
    }

    [Theory, BothEngines]
    public async Task An_application_in_ones_hands_exchanges_tokens_for_no_API_one_has_no_right_at(Engine engine)
    {
        var world = await HandsWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var other = await world.Admin.CreateApiAsync(["z"]);
        object audiences = new { token_exchange_audiences = new[] { other.Identifier } };
        var own = $"/v1/applications/{await world.OwnAsync()}";
        await world.Weak.PatchAsync(own, audiences).Expect(403, "exceeds_own_rights");
        var foreign = $"/v1/applications/{await world.ForeignAsync()}";
        await world.Weak.PatchAsync(foreign, audiences).Expect(200);
        await world.Weak.PostAsync(foreign + "/transfer", new { owner = world.UserId }).Expect(403, "exceeds_own_rights");
    }

    [Theory, BothEngines]
    public async Task The_limits_over_an_application_in_ones_hands_are_not_lifted_by_a_credential_that_they_bind(Engine engine)
    {
        var world = await HandsWorld.ArrangeAsync(await servers.AdminAsync(engine));
        object[] limits =
        [
            new
            {
                name = "d",
                limit = 50,
                period = "day",
            },
        ];
        var limited = await world.Admin.CreatePersonalAccessTokenAsync(
            world.UserId,
            new { permissions = new[] { world.Read, At(Management, "applications:own", "applications:write") }, rate_limits = limits }
        );
        var caller = world.Admin.With(limited.Secret);
        var (own, foreign) = ($"/v1/applications/{await world.OwnAsync()}", $"/v1/applications/{await world.ForeignAsync()}");
        await caller.PatchAsync(own, new { rate_limits = limits }).Expect(200);
        await caller.PostAsync(own + "/secrets", new { name = "mine" }).Expect(201); // which only its application's limits bind
        await caller.PatchAsync(own, new { rate_limits = (object?)null }).Expect(403, "exceeds_own_rights");
        await caller.PatchAsync(foreign, new { rate_limits = limits }).Expect(200);
        await caller.PatchAsync(foreign, new { rate_limits = (object?)null }).Expect(200);
        await world.Weak.PatchAsync(own, new { rate_limits = (object?)null }).Expect(200); // it has no limit itself
    }

    [Theory, BothEngines]
    public async Task What_a_demoted_owner_had_is_not_made_anew_by_a_credential_that_does_not_name_it(Engine engine)
    {
        var world = await HandsWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var (user, admin) = ($"/v1/users/{world.UserId}", world.Admin);
        var strong = await admin.CreatePersonalAccessTokenAsync(world.UserId, new { permissions = world.Both, expires_at = In(3000) });
        var idle = await admin.CreatePersonalAccessTokenAsync(world.UserId, new { permissions = world.Both, expires_at = In(3000) });
        await admin.PostAsync($"/v1/tokens/{idle.Id}/disable").Expect(200);
        var application = $"/v1/applications/{await world.OwnAsync()}";
        await admin.PatchAsync(application, new { permissions = world.Both }).Expect(200);
        var secret = await admin.CreateClientSecretAsync(application[(application.LastIndexOf('/') + 1)..], new { expires_at = In(3000) });
        var reads = await admin.CreateRoleAsync([world.Read]);
        await admin.PatchAsync(user, new { roles = new[] { reads.Id, world.ManagersRoleId } }).Expect(200);

        var rotation = new { overlap_seconds = 0 };
        await world.Weak.PostAsync($"/v1/me/tokens/{strong.Id}/rotate", rotation).Expect(403, "exceeds_own_rights");
        await world.Weak.PostAsync($"/v1/me/tokens/{idle.Id}/enable").Expect(403, "exceeds_own_rights");
        await world.Weak.PatchAsync($"/v1/me/tokens/{strong.Id}", new { expires_at = In(2000) }).Expect(403, "exceeds_own_rights");
        await world.Weak.PostAsync($"{application}/secrets/{secret.Id}/rotate", rotation).Expect(403, "exceeds_own_rights");
        await world.Weak.PostAsync($"{application}/secrets", new { name = "mine" }).Expect(403, "exceeds_own_rights");
        await world.Strong.PostAsync($"/v1/me/tokens/{strong.Id}/rotate", rotation).Expect(200); // which names as much
        await world.Weak.PatchAsync($"/v1/me/tokens/{strong.Id}", new { permissions = new[] { world.Read } }).Expect(200);
        await world.Weak.DeleteAsync($"/v1/me/tokens/{idle.Id}").Expect(204);
    }

    private static async Task<Attempt> EndWithTransferAsync(HandsWorld world, bool held, HttpMethod method, string path)
    {
        var application = await world.ForeignAsync();
        await world.WidenAsync(application);
        var victim = await world.Admin.PersonAsync(world.RoleId);
        await world.Admin.PostAsync($"/v1/applications/{application}/transfer", new { owner = victim.Id }).Expect(200);
        var to = held ? world.UserId : (await world.Admin.PersonAsync()).Id;
        return caller => caller.SendAsync(method, $"/v1/users/{victim.Id}{path}?transfer_to={to}");
    }

    private delegate Task<ApiResponse> Attempt(ApiClient caller);
}
