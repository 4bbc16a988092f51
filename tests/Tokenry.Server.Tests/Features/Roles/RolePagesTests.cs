using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Roles;

/// <summary>The pages of roles, and the forms on the pages of users and applications that give them.</summary>
public sealed class RolePagesTests(SharedServers servers)
{
    private const string Administrator = "rol_0000000000000000000001";
    private const string Auditor = "rol_0000000000000000000002";

    [Theory, BothEngines]
    public async Task A_role_is_made_given_revised_and_deleted_on_pages(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var browser = await admin.BrowserOfAsync((await admin.CreateUserAsync([Administrator])).Id);
        var api = await admin.CreateApiAsync(["invoices:read", "invoices:write"]);
        var name = CreateRequests.Unique("Accounting");
        (await browser.SendAsync("roles/new", "roles/new", ("name", ""), ("scope", $"{api.Identifier} invoices:read"))).Expect(400);
        var page = (await browser.SendAsync("roles/new", "roles/new", ("name", name), ("scope", $"{api.Identifier} invoices:read")))
            .Expect(303)
            .Header("Location")![1..];
        var id = page["roles/".Length..];

        var user = await admin.CreateUserAsync([]);
        (await browser.SendAsync($"users/{user.Id}", $"users/{user.Id}/roles", ("role", id), ("role", Auditor))).Expect(303);
        var held = (await admin.GetAsync($"/v1/users/{user.Id}").Expect(200)).Json.GetProperty("roles");
        Assert.Equal([Auditor, id], held.EnumerateArray().Select(role => role.GetString()).Order(StringComparer.Ordinal));
        Assert.Contains(user.Id, (await browser.GetAsync($"/users?role={id}")).Expect(200).Body, StringComparison.Ordinal);
        Assert.DoesNotContain(user.Id, (await browser.GetAsync($"/users?role={Administrator}")).Expect(200).Body, StringComparison.Ordinal);
        var application = await admin.CreateApplicationAsync([]);
        (await browser.SendAsync($"applications/{application.Id}", $"applications/{application.Id}/roles", ("role", id))).Expect(303);
        Assert.Contains(application.Id, (await admin.GetAsync($"/v1/applications?role={id}").Expect(200)).Body, StringComparison.Ordinal);

        (await browser.SendAsync(page, page, ("name", name), ("scope", $"{api.Identifier} invoices:write"))).Expect(303);
        var revised = (await admin.GetAsync($"/v1/roles/{id}").Expect(200)).Json.GetProperty("permissions")[0].GetProperty("scopes");
        Assert.Equal("invoices:write", Assert.Single(revised.EnumerateArray()).GetString());
        var used = (await browser.SendAsync(page, $"{page}/delete")).Expect(409);
        Assert.Contains("The role is assigned.", used.Body, StringComparison.Ordinal);
        await browser.SendAsync("overview", "appearance", ("language", "nl")).Expect(303);
        used = (await browser.SendAsync(page, $"{page}/delete")).Expect(409);
        Assert.Contains("Iets verwijst er nog naar.", used.Body, StringComparison.Ordinal);
        Assert.Contains("The role is assigned.", used.Body, StringComparison.Ordinal);
        (await browser.SendAsync($"users/{user.Id}", $"users/{user.Id}/roles")).Expect(303);
        (await browser.SendAsync($"applications/{application.Id}", $"applications/{application.Id}/roles")).Expect(303);
        (await browser.SendAsync(page, $"{page}/delete")).Expect(303);
        await admin.GetAsync($"/v1/roles/{id}").Expect(404);
    }

    [Theory, BothEngines]
    public async Task A_person_gives_on_pages_no_more_than_with_a_token(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var role = (
            await admin.CreateRoleAsync([At(Management, "users:read", "users:write", "roles:read", "roles:write", "applications:read")])
        ).Id;
        var browser = await admin.BrowserOfAsync((await admin.CreateUserAsync([role])).Id);
        var user = await admin.CreateUserAsync([]);
        var page = $"users/{user.Id}";
        var shown = (await browser.GetAsync("/" + page)).Expect(200);
        Assert.DoesNotContain(Administrator, shown.Body, StringComparison.Ordinal);
        var refused = (await browser.SendAsync(page, $"{page}/roles", ("role", Administrator))).Expect(403);
        Assert.Contains("management right", refused.Body, StringComparison.Ordinal);
        (
            await browser.SendAsync("roles/new", "roles/new", ("name", CreateRequests.Unique("x")), ("scope", $"{Management} audit:read"))
        ).Expect(403);
        Assert.Empty((await admin.GetAsync($"/v1/users/{user.Id}").Expect(200)).Json.GetProperty("roles").EnumerateArray());
    }

    [Theory, BothEngines]
    public async Task A_role_is_given_on_objects_and_taken_again_on_pages(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var admin = world.Admin;
        var browser = await admin.BrowserOfAsync((await admin.CreateUserAsync([Administrator])).Id);
        var organization = (await admin.PostAsync("/v1/organizations", new { name = CreateRequests.Unique("Acme") }).Expect(201)).Text(
            "id"
        );
        await admin.PostAsync($"/v1/organizations/{organization}/members", new { member = world.UserId }).Expect(200);
        var application = await admin.CreateApplicationAsync([]);
        foreach (
            var place in new[]
            {
                $"users/{world.UserId}",
                $"applications/{application.Id}",
                $"organizations/{organization}/members/{world.UserId}",
            }
        )
        {
            var page = $"{place}/object-roles";
            Assert.Contains($"href=\"{page}\"", (await browser.GetAsync("/" + place)).Expect(200).Body, StringComparison.Ordinal);
            var refused = await browser.SendAsync(page, page, ("role", world.WriterId), ("objects", "base:a other:b"));
            Assert.Contains("object type other", refused.Expect(400).Body, StringComparison.Ordinal);
            Assert.Contains("value=\"base:a other:b\"", refused.Body, StringComparison.Ordinal);
            (await browser.SendAsync(page, page, ("role", world.WriterId), ("objects", "base:a  base:b"))).Expect(303);
            (await browser.SendAsync(page, page, ("role", world.WriterId), ("objects", "space:*"))).Expect(303);
            Assert.Equal(["base:a", "base:b", "space:*"], await HeldAsync(page));
            (await browser.SendAsync(page, $"{page}/remove", ("role", world.WriterId), ("object", "base:a"))).Expect(303);
            Assert.Equal(["base:b", "space:*"], await HeldAsync(page));
        }

        async Task<string[]> HeldAsync(string page) =>
            Strings(
                Assert
                    .Single((await admin.GetAsync("/v1/" + page).Expect(200)).Json.GetProperty("items").EnumerateArray())
                    .GetProperty("objects")
            );
    }
}
