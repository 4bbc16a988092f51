using static Tokenry.Server.Tests.Core.Access.ManagementCalls;
using static Tokenry.Server.Tests.Features.Organizations.OrganizationCalls;

namespace Tokenry.Server.Tests.Features.Organizations;

using Tokenry.Server.Tests.Core.Access;

public sealed class MembersTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Members_are_added_replaced_and_removed_and_each_answer_says_what_changed(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var user = await admin.PersonAsync();
        Expect([OrganizationMember], [], await admin.PostAsync($"/v1/organizations/{id}/members", new { member = user.Id }).Expect(200));
        Expect([OrganizationDeveloper], [], await admin.JoinAsync(id, user.Id, OrganizationDeveloper).Expect(200));
        Expect(
            [OrganizationAdministrator],
            [OrganizationDeveloper, OrganizationMember],
            await admin.ReplaceAsync(id, user.Id, OrganizationAdministrator).Expect(200)
        );
        var listed = (await admin.GetAsync($"/v1/organizations/{id}/members").Expect(200)).Json.GetProperty("items")[0];
        AssertMembers(listed, "id", "type", "name", "roles");
        Assert.Equal((user.Id, "user"), (listed.GetProperty("id").GetString(), listed.GetProperty("type").GetString()));
        Assert.Equal([OrganizationAdministrator], Strings(listed.GetProperty("roles")));
        await admin.ReplaceAsync(id, user.Id, OrganizationMember).Expect(409, "last_administrator");
        await admin.PostAsync($"/v1/organizations/{id}/disable").Expect(200);
        Expect([OrganizationMember], [OrganizationAdministrator], await admin.ReplaceAsync(id, user.Id, OrganizationMember).Expect(200));
        Expect([], [OrganizationMember], await admin.RemoveAsync(id, user.Id).Expect(200));
        Assert.Empty(Ids(await admin.GetAsync($"/v1/organizations/{id}/members")));
    }

    [Theory, BothEngines]
    public async Task A_repeat_changes_nothing_and_is_not_in_the_audit(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var application = await admin.CreateApplicationAsync([]);
        for (var i = 0; i < 2; i++)
            Expect(i == 0 ? [OrganizationDeveloper] : [], [], await admin.JoinAsync(id, application.Id, OrganizationDeveloper).Expect(200));
        for (var i = 0; i < 2; i++)
            Expect(
                i == 0 ? [OrganizationMember] : [],
                i == 0 ? [OrganizationDeveloper] : [],
                await admin.ReplaceAsync(id, application.Id, OrganizationMember).Expect(200)
            );
        for (var i = 0; i < 2; i++)
            Expect([], i == 0 ? [OrganizationMember] : [], await admin.RemoveAsync(id, application.Id).Expect(200));
        foreach (var action in new[] { "member_added", "member_roles_replaced", "member_removed" })
            Assert.True(await admin.EventsAsync(id, "organization." + action) == 1, action);
        var added = (await admin.GetAsync($"/v1/audit?organization={id}&action=organization.member_added").Expect(200)).Json.GetProperty(
            "items"
        )[0];
        Assert.Equal(application.Id, added.GetProperty("target").GetProperty("id").GetString());
        Assert.Equal("roles", added.GetProperty("changes")[0].GetProperty("member").GetString());
    }

    [Theory, BothEngines]
    public async Task What_is_no_member_and_no_role_is_refused(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var user = await admin.PersonAsync();
        await admin.JoinAsync(id, "usr_000000000000000000000A").ExpectFaultAsync("member");
        await admin.JoinAsync(id, "x").ExpectFaultAsync("member");
        await admin.ReplaceAsync(id, "usr_000000000000000000000A", OrganizationMember).Expect(404, "not_found");
        await admin.ReplaceAsync(id, user.Id).ExpectFaultAsync("roles");
        await admin.JoinAsync(id, user.Id, "rol_000000000000000000000A").ExpectFaultAsync("roles");
        await admin.JoinAsync(id, user.Id, Administrator).ExpectFaultAsync("roles");
        await admin.PatchAsync($"/v1/users/{user.Id}", new { roles = new[] { OrganizationAdministrator } }).ExpectFaultAsync("roles");
        await admin
            .PostAsync($"/v1/organizations/{id}/members", new { member = user.Id, roles = Array.Empty<string>() })
            .ExpectFaultAsync("roles");
        await admin.PostAsync($"/v1/organizations/{id}/members", """{"member":null}""").Expect(400, "invalid_request");
        await admin
            .PostAsync($"/v1/organizations/{id}/members", new { member = user.Id, roles = new string?[] { null } })
            .ExpectFaultAsync("roles");
        await admin.JoinAsync("org_000000000000000000000A", user.Id).Expect(404, "not_found");
    }

    [Theory, BothEngines]
    public async Task Members_have_pages(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var members = new List<string>
        {
            (await admin.CreateApplicationAsync([])).Id,
            (await admin.PersonAsync()).Id,
            (await admin.PersonAsync()).Id,
        };
        foreach (var member in members)
            await admin.JoinAsync(id, member, OrganizationMember, OrganizationDeveloper).Expect(200);
        var first = await admin.GetAsync($"/v1/organizations/{id}/members?limit=2").Expect(200);
        var rest = await admin.GetAsync($"/v1/organizations/{id}/members?limit=2&cursor={first.Text("next_cursor")}").Expect(200);
        Assert.Equal(members.Order(StringComparer.Ordinal), Ids(first).Concat(Ids(rest)));
    }

    [Theory, BothEngines]
    public async Task A_deleted_principal_is_no_member_and_a_role_in_use_stays(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var role = await admin.CreateRoleAsync([]);
        var user = await admin.PersonAsync();
        await admin.JoinAsync(id, user.Id, role.Id).Expect(200);
        await admin.DeleteAsync($"/v1/roles/{role.Id}").Expect(409, "in_use");
        await admin.DeleteAsync($"/v1/users/{user.Id}").Expect(204);
        Assert.Empty(Ids(await admin.GetAsync($"/v1/organizations/{id}/members")));
        await admin.DeleteAsync($"/v1/roles/{role.Id}").Expect(204);
        await admin.DeleteAsync($"/v1/organizations/{id}").Expect(204);
    }

    private static void Expect(string[] added, string[] removed, ApiResponse change)
    {
        AssertMembers(change.Json, "member", "added", "removed");
        Assert.Equal(added, Strings(change.Json.GetProperty("added")));
        Assert.Equal(removed, Strings(change.Json.GetProperty("removed")));
    }
}
