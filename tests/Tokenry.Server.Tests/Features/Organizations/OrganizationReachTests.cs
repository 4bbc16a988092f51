using static Tokenry.Server.Tests.Core.Access.ManagementCalls;
using static Tokenry.Server.Tests.Features.Organizations.OrganizationCalls;

namespace Tokenry.Server.Tests.Features.Organizations;

using Tokenry.Server.Tests.Core.Access;

/// <summary>What an administrator, a developer and a member of an organization reach: that organization, each as far as the role goes.</summary>
public sealed class OrganizationReachTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task An_administrator_sees_the_organization_and_what_acts_there_and_nothing_else(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var (id, other) = (await admin.OrganizationAsync(), await admin.OrganizationAsync());
        var administrator = await admin.AdministratorAsync(id);
        var member = await admin.MemberAsync(id, [OrganizationMember]);
        var stranger = await admin.MemberAsync(other, [OrganizationMember]);
        var elsewhere = await admin.CreatePersonalAccessTokenAsync(member.Id);
        var application = await admin.ApplicationOfAsync(id);
        var key = await admin.CreateApiKeyAsync(application.Id);
        var foreign = await admin.ApplicationOfAsync(other);
        await admin.CreateApiKeyAsync(foreign.Id);

        var client = administrator.Client;
        Assert.Equal([id], Ids(await client.GetAsync("/v1/organizations")));
        Assert.Equal(Sorted(administrator.Id, member.Id), Ids(await client.GetAsync($"/v1/organizations/{id}/members")));
        Assert.Equal([application.Id], Ids(await client.GetAsync("/v1/applications")));
        Assert.Equal(Sorted(administrator.Token.Id, member.Token.Id, key.Id), Sorted(Ids(await client.GetAsync("/v1/credentials"))));
        Assert.Equal([key.Id], Ids(await client.GetAsync("/v1/api-keys")));
        Assert.Equal(Sorted(administrator.Token.Id, member.Token.Id), Ids(await client.GetAsync("/v1/tokens")));
        await client.GetAsync($"/v1/tokens/{elsewhere.Id}").Expect(404, "not_found");
        await client.GetAsync($"/v1/tokens/{stranger.Token.Id}").Expect(404, "not_found");
        // A caller of the whole server filters by organization.
        Assert.Equal([application.Id], Ids(await admin.GetAsync($"/v1/applications?organization={id}")));
        Assert.Equal(
            Sorted(administrator.Token.Id, member.Token.Id, key.Id),
            Sorted(Ids(await admin.GetAsync($"/v1/credentials?organization={id}")))
        );
    }

    [Theory, BothEngines]
    public async Task An_administrator_ends_a_members_token_and_does_not_take_it_over(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var client = (await admin.AdministratorAsync(id)).Client;
        var member = await admin.MemberAsync(id, [OrganizationMember]);
        var path = $"/v1/tokens/{member.Token.Id}";
        await client.PostAsync($"{path}/rotate", new { overlap_seconds = 0 }).Expect(403, "exceeds_own_rights");
        await client.PatchAsync(path, new { expires_at = In(3600) }).Expect(403, "exceeds_own_rights");
        await client.PostAsync($"/v1/users/{member.Id}/tokens", new { name = "x" }).Expect(404, "not_found");
        await client.PostAsync($"/v1/users/{member.Id}/revoke-all", new { }).Expect(403, "insufficient_scope");
        await client.PostAsync($"{path}/disable").Expect(200);
        await client.PostAsync($"{path}/enable").Expect(403, "exceeds_own_rights");
        await client.DeleteAsync(path).Expect(204);
        Assert.Equal("revoked", (await admin.GetAsync(path).Expect(200)).Text("state"));
    }

    [Theory, BothEngines]
    public async Task A_developer_manages_applications_within_own_rights_and_no_members(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["r", "w"]);
        var id = await admin.OrganizationAsync();
        var role = await admin.CreateRoleAsync([At(api.Identifier, "r")]);
        var developer = (
            await admin.MemberAsync(
                id,
                [OrganizationDeveloper, role.Id],
                At(Management, "organization:read", "organization:applications", "tokens:own"),
                At(api.Identifier, "r")
            )
        ).Client;
        var application = await developer.CreateApplicationAsync([], new { permissions = new[] { At(api.Identifier, "r") } });
        var key = await developer.CreateApiKeyAsync(application.Id);
        await developer.PostAsync($"/v1/api-keys/{key.Id}/rotate", new { overlap_seconds = 0 }).Expect(200);
        await developer.DeleteAsync($"/v1/api-keys/{key.Id}").Expect(204);
        await developer
            .PatchAsync($"/v1/applications/{application.Id}", new { permissions = new[] { At(api.Identifier, "r", "w") } })
            .Expect(403, "exceeds_own_rights");
        await developer
            .PostAsync("/v1/applications", new { name = "x", permissions = new[] { At(api.Identifier, "w") } })
            .Expect(403, "exceeds_own_rights");
        var quick = await developer
            .PostAsync(
                "/v1/api-keys",
                new
                {
                    name = "quick",
                    api = api.Identifier,
                    scopes = new[] { "r" },
                }
            )
            .Expect(201);
        Assert.Equal(id, quick.Text("organization_id"));
        await developer.JoinAsync(id, application.Id, OrganizationMember).Expect(403, "insufficient_scope");
        await developer.PatchAsync($"/v1/organizations/{id}", new { name = "x" }).Expect(403, "insufficient_scope");
        await developer.GetAsync("/v1/audit").Expect(403, "insufficient_scope");
        await developer.DeleteAsync($"/v1/applications/{application.Id}").Expect(204);
    }

    [Theory, BothEngines]
    public async Task A_member_reads_and_manages_own_tokens_there(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var member = await admin.MemberAsync(id, [OrganizationMember], At(Management, "organization:read", "tokens:own"));
        var elsewhere = await admin.CreatePersonalAccessTokenAsync(member.Id);
        await member.Client.GetAsync($"/v1/organizations/{id}").Expect(200);
        var own = await member.Client.PostAsync("/v1/me/tokens", new { name = "another" }).Expect(201);
        Assert.Equal(id, own.Text("organization_id"));
        Assert.Equal(Sorted(member.Token.Id, own.Text("id")), Ids(await member.Client.GetAsync("/v1/me/tokens")));
        await member.Client.DeleteAsync($"/v1/me/tokens/{elsewhere.Id}").Expect(404, "not_found");
        await member.Client.DeleteAsync($"/v1/me/tokens/{own.Text("id")}").Expect(204);
        await member.Client.PostAsync("/v1/applications", new { name = "x" }).Expect(403, "insufficient_scope");
        await member.Client.PatchAsync($"/v1/organizations/{id}", new { name = "x" }).Expect(403, "insufficient_scope");
    }

    [Theory, BothEngines]
    public async Task Audit_and_usage_of_the_organization_are_exactly_its_own(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["r"], new { access_log = "all" });
        var role = await admin.CreateRoleAsync([At(api.Identifier, "r")]);
        var (id, other) = (await admin.OrganizationAsync(), await admin.OrganizationAsync());
        var administrator = await admin.AdministratorAsync(id);
        var tokens = new Dictionary<string, CreatedCredential>();
        foreach (var organization in new[] { id, other })
        {
            var person = await admin.MemberAsync(organization, [role.Id], At(api.Identifier, "r"));
            tokens[organization] = person.Token;
            Assert.Equal("valid", await admin.CodeAsync(person.Token.Secret, api.Identifier));
            await admin.CreateApiKeyAsync((await admin.ApplicationOfAsync(organization)).Id);
        }

        await EventuallyAsync(
            async () => (await administrator.Client.GetAsync("/v1/access-log").Expect(200)).Json.GetProperty("items").GetArrayLength() > 0,
            "in the access log"
        );
        var log = (await administrator.Client.GetAsync("/v1/access-log").Expect(200)).Json.GetProperty("items").EnumerateArray();
        Assert.All(log, row => Assert.Equal(tokens[id].Id, row.GetProperty("credential_id").GetString()));
        await EventuallyAsync(
            async () =>
                (await administrator.Client.GetAsync($"/v1/usage?api={Uri.EscapeDataString(api.Identifier)}").Expect(200))
                    .Json.GetProperty("items")
                    .GetArrayLength() > 0,
            "counted"
        );
        var usage = (
            await administrator.Client.GetAsync($"/v1/usage?api={Uri.EscapeDataString(api.Identifier)}").Expect(200)
        ).Json.GetProperty("items");
        Assert.All(usage.EnumerateArray(), row => Assert.Equal(tokens[id].Id, row.GetProperty("credential_id").GetString()));
        Assert.Empty(Rows(await administrator.Client.GetAsync($"/v1/access-log?credential={tokens[other].Id}")));
        Assert.Empty(Rows(await administrator.Client.GetAsync($"/v1/usage?credential={tokens[other].Id}")));

        var events = Rows(await administrator.Client.GetAsync("/v1/audit?limit=200"));
        Assert.All(events, row => Assert.Equal(id, row.GetProperty("organization_id").GetString()));
        foreach (
            var action in new[]
            {
                "organization.created",
                "organization.member_added",
                "application.created",
                "api_key.created",
                "personal_access_token.created",
            }
        )
            Assert.True(events.Exists(row => row.GetProperty("action").GetString() == action), action);
        Assert.Empty(Rows(await administrator.Client.GetAsync($"/v1/audit?target={other}")));
        await administrator.Client.GetAsync("/v1/audit/head").Expect(403, "insufficient_scope");
    }

    private static List<System.Text.Json.JsonElement> Rows(ApiResponse list) =>
        [.. list.Expect(200).Json.GetProperty("items").EnumerateArray()];

    private static string[] Sorted(params string[] ids) => [.. ids.Order(StringComparer.Ordinal)];
}
