namespace Tokenry.Server.Tests.Features.Organizations;

/// <summary>The pages of organizations, as an administrator of the server, as one of the organization, and as somebody who wants more.</summary>
public sealed class OrganizationPagesTests(SharedServers servers)
{
    private const string Administrator = "rol_0000000000000000000001";

    [Theory, BothEngines]
    public async Task An_administrator_of_the_server_creates_fills_renames_empties_and_deletes_an_organization(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var browser = await admin.BrowserOfAsync((await admin.CreateUserAsync([Administrator])).Id);
        var name = CreateRequests.Unique("Acme");
        (await browser.SendAsync("organizations", "organizations", ("name", ""))).Expect(400);
        var page = (await browser.SendAsync("organizations", "organizations", ("name", name))).Expect(303).Header("Location")![1..];
        var user = await admin.CreateUserAsync([]);
        (await browser.SendAsync(page, $"{page}/members", ("member", "nobody@example.com"))).Expect(400);
        (
            await browser.SendAsync(
                page,
                $"{page}/members",
                ("member", user.Email.ToUpperInvariant()),
                ("role", OrganizationCalls.OrganizationAdministrator)
            )
        ).Expect(303);
        var member = (await admin.GetAsync($"/v1/{page}/members/{user.Id}").Expect(200)).Json;
        Assert.Equal(OrganizationCalls.OrganizationAdministrator, member.GetProperty("roles")[0].GetString());
        Assert.Contains("Organization administrator", (await browser.GetAsync("/" + page)).Expect(200).Body, StringComparison.Ordinal);

        // The last administrator stays, and the page says what to do first; so does an organization that is not empty.
        var kept = (await browser.SendAsync($"{page}/members/{user.Id}", $"{page}/members/{user.Id}/remove")).Expect(409);
        Assert.Contains("administrator", kept.Body, StringComparison.Ordinal);
        (await browser.SendAsync(page, $"{page}/rename", ("name", name + " Ltd"))).Expect(303);
        (await browser.SendAsync(page, $"{page}/delete", ("confirm", name))).Expect(400);
        var full = (await browser.SendAsync(page, $"{page}/delete", ("confirm", name + " Ltd"))).Expect(409);
        Assert.Contains("The organization has 1 members", full.Body, StringComparison.Ordinal);

        (await browser.SendAsync(page, $"{page}/disable")).Expect(303);
        (await browser.SendAsync($"{page}/members/{user.Id}", $"{page}/members/{user.Id}/remove")).Expect(303);
        Assert.Equal(
            "/organizations",
            (await browser.SendAsync(page, $"{page}/delete", ("confirm", name + " Ltd"))).Expect(303).Header("Location")
        );
        await admin.GetAsync($"/v1/{page}").Expect(404);
    }

    [Theory, BothEngines]
    public async Task An_administrator_of_one_organization_works_there_and_nowhere_else(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var other = await admin.OrganizationAsync();
        var user = await admin.CreateUserAsync([]);
        var colleague = await admin.MemberAsync(organization, [OrganizationCalls.OrganizationDeveloper]);
        await admin.JoinAsync(organization, user.Id, OrganizationCalls.OrganizationAdministrator).Expect(200);
        var browser = await admin.BrowserOfAsync(user.Id);
        var page = $"organizations/{organization}";

        // Before the choice the person is a user of the server like any other.
        Assert.Contains(organization, (await browser.GetAsync("/overview")).Expect(200).Body, StringComparison.Ordinal);
        (await browser.GetAsync("/" + page)).Expect(403);
        await browser.ActInAsync(organization);
        Assert.Equal("/" + page, (await browser.GetAsync("/organizations")).Expect(303).Header("Location"));
        var shown = (await browser.GetAsync("/" + page)).Expect(200).Body;
        Assert.Contains(colleague.Id, shown, StringComparison.Ordinal);
        Assert.DoesNotContain($"action=\"{page}/delete\"", shown, StringComparison.Ordinal);
        Assert.Contains(colleague.Token.Id, (await browser.GetAsync("/credentials")).Expect(200).Body, StringComparison.Ordinal);
        (await browser.GetAsync("/users")).Expect(403);
        (await browser.GetAsync($"/organizations/{other}")).Expect(404);

        (
            await browser.SendAsync(
                $"{page}/members/{colleague.Id}",
                $"{page}/members/{colleague.Id}/roles",
                ("role", OrganizationCalls.OrganizationMember)
            )
        ).Expect(303);
        var roles = (await admin.GetAsync($"/v1/{page}/members/{colleague.Id}").Expect(200)).Json.GetProperty("roles");
        Assert.Equal([OrganizationCalls.OrganizationMember], roles.EnumerateArray().Select(role => role.GetString()));
        var question = (await browser.GetAsync($"/{page}/members/{colleague.Id}")).Expect(200);
        Assert.Contains("1 credential stops working", question.Body, StringComparison.Ordinal);
        (await browser.SendAsync($"{page}/members/{colleague.Id}", $"{page}/members/{colleague.Id}/remove")).Expect(303);
        await colleague.Client.GetAsync("/v1/me").Expect(401);

        // Nobody joins from outside, and no role of the server is given here.
        var outside = await admin.CreateUserAsync([]);
        (await browser.SendAsync(page, $"{page}/members", ("member", outside.Email))).Expect(400);
        (await browser.SendAsync(page, $"{page}/members", ("member", user.Id), ("role", Administrator))).Expect(400);
    }

    [Theory, BothEngines]
    public async Task The_choice_of_an_organization_gives_no_right_and_a_form_counts_where_it_was_opened(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var other = await admin.OrganizationAsync();
        var user = await admin.CreateUserAsync([]);
        await admin.JoinAsync(organization, user.Id, OrganizationCalls.OrganizationAdministrator).Expect(200);
        var browser = await admin.BrowserOfAsync(user.Id);

        // A cookie that names another organization, or none, is the same as no cookie.
        foreach (var forged in new[] { other, "org_000000000000000000000A", "org_", "\"><script>" })
        {
            browser.Cookies["tokenry_organization"] = forged;
            (await browser.GetAsync($"/organizations/{other}")).Expect(403);
            (await browser.GetAsync("/audit")).Expect(403);
            (await browser.GetAsync("/account/tokens")).Expect(200);
        }

        browser.Cookies.Remove("tokenry_organization");
        var before = await browser.HiddenAsync("/account/tokens/new", "account/tokens/new");
        await browser.ActInAsync(organization);
        var refused = (await browser.PostAsync("/account/tokens/new", [.. before, ("name", "elsewhere")])).Expect(403);
        Assert.Contains("was opened in another organization", refused.Body, StringComparison.Ordinal);
        (await browser.SendAsync("account/tokens/new", "account/tokens/new", ("name", "there"), ("expires", "7"))).Expect(200);
        var token = Assert.Single(
            (await admin.GetAsync($"/v1/users/{user.Id}/tokens").Expect(200)).Json.GetProperty("items").EnumerateArray()
        );
        Assert.Equal(organization, token.GetProperty("organization_id").GetString());

        // The membership ends while the person looks.
        await admin.PostAsync($"/v1/organizations/{organization}/disable", null).Expect(200);
        (await browser.GetAsync($"/organizations/{organization}")).Expect(403);
        (await browser.GetAsync("/account/tokens")).Expect(200);
    }
}
