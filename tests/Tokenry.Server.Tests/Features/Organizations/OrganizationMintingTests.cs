using static Tokenry.Server.Tests.Core.Access.ManagementCalls;
using static Tokenry.Server.Tests.Features.Organizations.OrganizationCalls;

namespace Tokenry.Server.Tests.Features.Organizations;

using Tokenry.Server.Tests.Core.Access;

/// <summary>Nobody gives in an organization, or takes out of it, more than the calling credential may do there.</summary>
public sealed class OrganizationMintingTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task An_administrator_gives_no_role_beyond_the_calling_credential(Engine engine)
    {
        var world = await World.ArrangeAsync(await servers.AdminAsync(engine));
        var application = (await world.Admin.ApplicationOfAsync(world.Id)).Id;
        await world.Caller.JoinAsync(world.Id, application, world.Reads).Expect(200);
        await world.Caller.JoinAsync(world.Id, application, world.Both).Expect(403, "exceeds_own_rights");
        await world.Caller.ReplaceAsync(world.Id, application, world.Both).Expect(403, "exceeds_own_rights");
        // What an administrator of the server gave stays, and may be taken.
        await world.Admin.JoinAsync(world.Id, application, world.Both).Expect(200);
        await world.Caller.ReplaceAsync(world.Id, application, world.Both, OrganizationMember).Expect(200);
        await world.Caller.ReplaceAsync(world.Id, application, OrganizationMember).Expect(200);
        await world.Caller.ReplaceAsync(world.Id, application, world.Both).Expect(403, "exceeds_own_rights");
        // A token that names less gives less.
        var narrow = world.Admin.With(
            (
                await world.Admin.CreatePersonalAccessTokenAsync(
                    world.UserId,
                    new { organization_id = world.Id, permissions = new[] { At(Management, "organization:read", "organization:write") } }
                )
            ).Secret
        );
        await narrow.JoinAsync(world.Id, application, OrganizationDeveloper).Expect(403, "exceeds_own_rights");
        await narrow.JoinAsync(world.Id, application, OrganizationAdministrator).Expect(403, "exceeds_own_rights");
        await narrow.JoinAsync(world.Id, application, world.Reads).Expect(403, "exceeds_own_rights");
        await world.Caller.JoinAsync(world.Id, application, OrganizationAdministrator).Expect(200);
    }

    [Theory, BothEngines]
    public async Task A_credential_of_the_organization_stays_within_the_calling_credential(Engine engine)
    {
        var world = await World.ArrangeAsync(await servers.AdminAsync(engine));
        var application = (await world.Admin.ApplicationOfAsync(world.Id)).Id;
        await world.Admin.JoinAsync(world.Id, application, world.Both).Expect(200);
        var path = $"/v1/applications/{application}";
        await world
            .Caller.PostAsync($"{path}/api-keys", new { name = "x", permissions = new[] { At(world.Api, "w") } })
            .Expect(403, "exceeds_own_rights");
        await world.Caller.PostAsync($"{path}/api-keys", new { name = "x", permissions = "owner" }).Expect(403, "exceeds_own_rights");
        await world.Caller.PostAsync($"{path}/secrets", new { name = "x" }).Expect(403, "exceeds_own_rights");
        var key = await world.Caller.CreateApiKeyAsync(application, new { permissions = new[] { At(world.Api, "r") } });
        Assert.Equal(world.End, key.Response.Text("expires_at")); // no longer than the calling credential
        await world
            .Caller.PatchAsync($"/v1/api-keys/{key.Id}", new { permissions = new[] { At(world.Api, "w") } })
            .Expect(403, "exceeds_own_rights");
        await world.Caller.PatchAsync($"/v1/api-keys/{key.Id}", new { expires_at = (string?)null }).Expect(403, "exceeds_own_rights");
        var wide = await world.Admin.CreateApiKeyAsync(application, new { permissions = new[] { At(world.Api, "r", "w") } });
        await world.Caller.PostAsync($"/v1/api-keys/{wide.Id}/rotate", new { overlap_seconds = 0 }).Expect(403, "exceeds_own_rights");
        await world.Caller.DeleteAsync($"/v1/api-keys/{wide.Id}").Expect(204);
    }

    [Theory, BothEngines]
    public async Task No_token_leads_into_another_organization_or_out_of_its_own(Engine engine)
    {
        var world = await World.ArrangeAsync(await servers.AdminAsync(engine));
        var second = await world.Admin.OrganizationAsync();
        await world.Admin.JoinAsync(second, world.UserId, OrganizationMember, world.Both).Expect(200);
        await world.Caller.PostAsync("/v1/me/tokens", new { name = "x", organization_id = second }).ExpectFaultAsync("organization_id");
        var inherited = await world.Caller.PostAsync("/v1/me/tokens", new { name = "x" }).Expect(201);
        Assert.Equal(world.Id, inherited.Text("organization_id"));
        await world.Admin.PatchAsync($"/v1/users/{world.UserId}", new { roles = new[] { world.Reads } }).Expect(200);
        var outside = world.Admin.With(
            (
                await world.Admin.CreatePersonalAccessTokenAsync(
                    world.UserId,
                    new { permissions = new[] { At(Management, "tokens:own"), At(world.Api, "r") } }
                )
            ).Secret
        );
        await outside.PostAsync("/v1/me/tokens", new { name = "x", organization_id = second }).Expect(403, "exceeds_own_rights");
        await outside.PostAsync("/v1/me/tokens", new { name = "x", organization_id = world.Id }).Expect(403, "exceeds_own_rights");
        await outside
            .PostAsync("/v1/me/tokens", new { name = "x", organization_id = "org_000000000000000000000A" })
            .ExpectFaultAsync("organization_id");
    }

    [Theory, BothEngines]
    public async Task An_owner_of_an_application_buys_no_tokens_where_the_calling_credential_does_not_act(Engine engine)
    {
        var world = await World.ArrangeAsync(await servers.AdminAsync(engine));
        var developer = await world.Admin.PersonWithTokenAsync([Developer], At(Management, "applications:own"));
        var application = (await developer.Client.CreateApplicationAsync([])).Id;
        await developer.Client.CreateClientSecretAsync(application);
        await world.Admin.JoinAsync(world.Id, application, world.Reads).Expect(200);
        await developer.Client.PostAsync($"/v1/applications/{application}/secrets", new { name = "x" }).Expect(403, "exceeds_own_rights");
        await developer
            .Client.PostAsync($"/v1/applications/{application}/api-keys", new { name = "x", organization_id = world.Id })
            .Expect(403, "exceeds_own_rights");
        await developer.Client.CreateApiKeyAsync(application);
    }

    [Theory, BothEngines]
    public async Task A_caller_who_may_change_organizations_gives_itself_no_more_than_the_calling_credential_may(Engine engine)
    {
        var world = await World.ArrangeAsync(await servers.AdminAsync(engine));
        var caller = await world.Admin.CallerAsync("organizations:write", "tokens:own");
        await caller.Client.JoinAsync(world.Id, caller.Id, world.Both).Expect(403, "exceeds_own_rights");
        await caller.Client.JoinAsync(world.Id, caller.Id, OrganizationAdministrator).Expect(403, "exceeds_own_rights");
        // Nor does it open again what was closed: a token that it still has there.
        await world.Admin.JoinAsync(world.Id, caller.Id, world.Both).Expect(200);
        var token = await world.Admin.CreatePersonalAccessTokenAsync(caller.Id, new { organization_id = world.Id, permissions = "owner" });
        await world.Admin.PostAsync($"/v1/organizations/{world.Id}/disable").Expect(200);
        await caller.Client.PostAsync($"/v1/organizations/{world.Id}/enable").Expect(403, "exceeds_own_rights");
        await world.Admin.PostAsync($"/v1/organizations/{world.Id}/enable").Expect(200);
        Assert.Equal("valid", await world.Admin.CodeAsync(token.Secret, world.Api, ["w"]));
    }

    [Theory, BothEngines]
    public async Task A_caller_without_the_rights_of_an_organizations_administrator_does_not_change_that_user(Engine engine)
    {
        var world = await World.ArrangeAsync(await servers.AdminAsync(engine));
        var support = (await world.Admin.CallerAsync("users:write")).Client;
        await support
            .PatchAsync($"/v1/users/{world.UserId}", new { email = $"{CreateRequests.Unique("taken")}@example.com" })
            .Expect(403, "exceeds_own_rights");
        var member = await world.Admin.MemberAsync(world.Id, [OrganizationMember]);
        await support.PatchAsync($"/v1/users/{member.Id}", new { name = "Other" }).Expect(200);
    }

    /// <summary>An administrator of an organization who may do r at an API, and whose token ends.</summary>
    private sealed record World(ApiClient Admin, string Id, string UserId, ApiClient Caller)
    {
        public required string Api { get; init; }

        /// <summary>A role of r.</summary>
        public required string Reads { get; init; }

        /// <summary>A role of r and w.</summary>
        public required string Both { get; init; }

        public required string End { get; init; }

        public static async Task<World> ArrangeAsync(ApiClient admin)
        {
            var api = (await admin.CreateApiAsync(["r", "w"])).Identifier;
            var reads = (await admin.CreateRoleAsync([At(api, "r")])).Id;
            var both = (await admin.CreateRoleAsync([At(api, "r", "w")])).Id;
            var id = await admin.OrganizationAsync();
            var user = await admin.PersonAsync();
            await admin.JoinAsync(id, user.Id, OrganizationAdministrator, reads).Expect(200);
            var token = await admin.CreatePersonalAccessTokenAsync(
                user.Id,
                new
                {
                    organization_id = id,
                    permissions = new[] { At(Management, AllScopes), At(api, "r") },
                    expires_at = In(3600),
                }
            );
            return new World(admin, id, user.Id, admin.With(token.Secret))
            {
                Api = api,
                Reads = reads,
                Both = both,
                End = token.Response.Text("expires_at"),
            };
        }
    }
}
