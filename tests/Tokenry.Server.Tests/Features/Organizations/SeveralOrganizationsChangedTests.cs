using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Notices;
using Tokenry.Server.Tests.Features.Policies;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Organizations;

/// <summary>The organizations of a personal access token change: by its user, and by an organization that excludes it.</summary>
public sealed class SeveralOrganizationsChangedTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Its_user_adds_and_leaves_organizations_and_the_audit_has_both_lists(Engine engine)
    {
        var world = await SeveralOrganizations.ArrangeAsync(await servers.AdminAsync(engine));
        var own = await OwnerAsync(world, world.One, world.Two);
        await PatchAsync(world, own, [Named(world.Two, At(world.Api, "two"))]).Expect(200);
        Assert.Equal("wrong_organization", await world.CodeAsync(world.Token.Secret, world.One));
        await world.ExpectAsync(world.Two, "two");
        await world.ExpectAsync(null, "everywhere");

        var both = await PatchAsync(world, own, [Named(world.One, At(world.Api, "one")), Named(world.Two, At(world.Api, "two"))])
            .Expect(200);
        Assert.Equal(2, both.Json.GetProperty("organizations").GetArrayLength());
        await world.ExpectAsync(world.One, "one"); // no more than it names now
        var change = (
            await world.Admin.GetAsync($"/v1/audit?target={world.Token.Id}&action=personal_access_token.updated&limit=1").Expect(200)
        )
            .Json.GetProperty("items")[0]
            .GetProperty("changes")[0];
        Assert.Equal("organizations", change.GetProperty("member").GetString());
        Assert.Equal(1, change.GetProperty("before").GetArrayLength());
        Assert.Equal(2, change.GetProperty("after").GetArrayLength());

        var none = await PatchAsync(world, own, null).Expect(200);
        Assert.False(none.Json.TryGetProperty("organizations", out _));
        Assert.Equal("wrong_organization", await world.CodeAsync(world.Token.Secret, world.Two));
        await world.ExpectAsync(null, "everywhere");
    }

    [Theory, BothEngines]
    public async Task A_patch_names_what_a_creation_may_name(Engine engine)
    {
        var world = await SeveralOrganizations.ArrangeAsync(await servers.AdminAsync(engine));
        var own = await OwnerAsync(world, world.One, world.Two);
        var one = Named(world.One, At(world.Api, "one"));
        await PatchAsync(world, own, []).ExpectFaultAsync("organizations");
        await PatchAsync(world, own, [one, one]).ExpectFaultAsync("organizations");
        await PatchAsync(world, own, [Named(world.One)]).ExpectFaultAsync("organizations");
        await PatchAsync(world, own, [Named(world.One, At(world.Api, "no"))]).ExpectFaultAsync("organizations");
        await PatchAsync(world, own, [Named(world.Three, At(world.Api, "one"))]).ExpectFaultAsync("organizations");
        await PatchAsync(world, own, [Named(world.One, At(world.Api, "two"))]).Expect(403, "exceeds_owner_rights");
        await world
            .Admin.PatchAsync($"/v1/tokens/{world.Token.Id}", new { organizations = new[] { one }, permissions = "owner" })
            .ExpectFaultAsync("permissions");
        var follows = await world.Admin.CreatePersonalAccessTokenAsync(world.UserId, new { permissions = "owner" });
        await world.Admin.PatchAsync($"/v1/tokens/{follows.Id}", new { organizations = new[] { one } }).ExpectFaultAsync("permissions");
        var inTwo = await world.Admin.CreatePersonalAccessTokenAsync(
            world.UserId,
            new { organization_id = world.Two, permissions = new[] { At(world.Api, "two") } }
        );
        await world.Admin.PatchAsync($"/v1/tokens/{inTwo.Id}", new { organizations = new[] { one } }).ExpectFaultAsync("organizations");
        var key = await world.Admin.CreateApiKeyAsync((await world.Admin.CreateApplicationAsync([])).Id);
        await world.Admin.PatchAsync($"/v1/api-keys/{key.Id}", new { organizations = new[] { one } }).ExpectFaultAsync("organizations");

        // A caller gives what it has in that organization itself.
        var narrow = await OwnerAsync(world, world.Two);
        await PatchAsync(world, narrow, [one]).Expect(403, "exceeds_own_rights");
        await world.ExpectAsync(world.One, "everywhere", "one");
        // The last of a membership ended, and the rest can still be kept.
        await world.Admin.RemoveAsync(world.Two, world.UserId).Expect(200);
        await PatchAsync(world, own, [one]).Expect(200);
        await world.ExpectAsync(world.One, "one");
    }

    [Theory, BothEngines]
    public async Task A_new_organization_judges_the_token_as_a_new_one_and_to_leave_is_always_possible(Engine engine)
    {
        var world = await SeveralOrganizations.ArrangeAsync(await servers.AdminAsync(engine));
        var own = await OwnerAsync(world, world.One, world.Two);
        var (one, two) = (Named(world.One, At(world.Api, "one")), Named(world.Two, At(world.Api, "two")));
        await PatchAsync(world, own, [two]).Expect(200);
        await world.Admin.SetPolicyAsync(world.One, new { allowed_networks = new[] { "10.0.0.0/8" } }).Expect(200);
        await PatchAsync(world, own, [one, two]).ExpectViolationAsync("allowed_networks", world.One);
        await world.Admin.ClearPolicyAsync(world.One);
        await world
            .Admin.SetPolicyAsync(world.One, new { approval_required = new[] { new { kind = "personal_access_token" } } })
            .Expect(200);
        await PatchAsync(world, own, [one, two]).ExpectViolationAsync("approval_required", "server");
        await world.Admin.ClearPolicyAsync(world.One);
        var full = await world.Admin.CreatePersonalAccessTokenAsync(
            world.UserId,
            new { organization_id = world.One, permissions = new[] { At(world.Api, "one") } }
        );
        await world.Admin.SetPolicyAsync(world.One, new { max_tokens_per_user = 2 }).Expect(200); // that one, and the calling token
        await PatchAsync(world, own, [one, two]).ExpectViolationAsync("max_tokens_per_user", world.One);
        await world.Admin.DeleteAsync($"/v1/tokens/{full.Id}").Expect(204);
        await PatchAsync(world, own, [one, two]).Expect(200);
        await world.Admin.PatchAsync($"/v1/tokens/{world.Token.Id}", new { name = "renamed" }).Expect(200);

        await world.Admin.SetPolicyAsync(world.Two, new { forbidden_kinds = new[] { "personal_access_token" } }).Expect(200);
        await PatchAsync(world, own, null).Expect(200);
    }

    [Theory, BothEngines]
    public async Task Its_user_is_told_when_an_administrator_excludes_it_and_not_of_other_organizations(Engine engine)
    {
        var world = await SeveralOrganizations.ArrangeAsync(await servers.AdminAsync(engine));
        var own = await OwnerAsync(world, world.One, world.Two);
        var one = await world.Admin.AdministratorAsync(world.One);
        await one.Client.DeleteAsync($"/v1/organizations/{world.One}/tokens/{world.Token.Id}").Expect(204);
        var told = Assert.Single(await NoticesTests.ToldAsync(own, 1));
        Assert.Equal(
            ("excluded", world.Token.Id, world.One),
            (
                told.GetProperty("kind").GetString(),
                told.GetProperty("target_id").GetString(),
                told.GetProperty("organization_id").GetString()
            )
        );
        var browser = await world.Admin.BrowserOfAsync(world.UserId);
        var page = (await browser.GetAsync("/account/notices").Expect(200)).Body;
        Assert.Contains("may not act in this organization any more", page, StringComparison.Ordinal);
    }

    private static object Named(string id, params object[] permissions) => new { id, permissions };

    private static Task<ApiResponse> PatchAsync(SeveralOrganizations world, ApiClient client, object[]? organizations) =>
        client.PatchAsync($"/v1/me/tokens/{world.Token.Id}", new { organizations });

    /// <summary>The user, calling with a token that may all of it and looks after tokens in these organizations, too.</summary>
    private static async Task<ApiClient> OwnerAsync(SeveralOrganizations world, params string[] organizations)
    {
        var token = await world.Admin.CreatePersonalAccessTokenAsync(
            world.UserId,
            new
            {
                permissions = new[] { At(Management, "tokens:own"), At(world.Api, "everywhere") },
                organizations = organizations.Select(id =>
                    Named(id, id == world.One ? At(world.Api, "everywhere", "one") : At(world.Api, "two"))
                ),
            }
        );
        return world.Admin.With(token.Secret);
    }
}
