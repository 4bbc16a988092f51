namespace Tokenry.Console.Tests;

/// <summary>The story of a missing permission: a person makes a token, asks for a role from there, and an administrator of the organization gives it.</summary>
public sealed class RoleRequestStoryTests(SharedServers servers, Chromium chromium)
{
    [Theory, BothEngines(true), BothEngines(false)]
    public async Task A_member_asks_for_a_role_and_an_administrator_of_the_organization_gives_it(Engine engine, bool script)
    {
        var company = await Company.FoundAsync(servers, engine);
        var admin = company.Admin;
        var organization = await company.OrganizationAsync();
        var name = CreateRequests.Unique("Closing the books");
        var role = (await admin.PostAsync("/v1/roles", new { name, requestable = true })).Expect(201).Text("id")!;
        var asker = await AskerAsync(admin, organization);

        await using var asking = await Visit.StartAsync(chromium, asker, new Look(script ? 1440 : 360), script);
        await asking.OpenAsync("account/tokens/new");
        await asking.Page.FillAsync("#name", "quarter");
        await asking.Page.ClickAsync("text=Create token");
        await asking.Page.WaitForSelectorAsync("text=Make one for a colleague");
        await LooksGoodAsync(asking, script);
        await asking.Page.ClickAsync("main a[href='account/roles/new']");
        await asking.Page.SelectOptionAsync("#role", $"{role}@{organization}");
        await asking.Page.FillAsync("#justification", "close the quarter");
        await LooksGoodAsync(asking, script);
        await asking.Page.ClickAsync("text=Ask for this role");
        await asking.Page.WaitForSelectorAsync(".state.pending");
        await LooksGoodAsync(asking, script);

        await using var deciding = await Visit.StartAsync(chromium, company.Person, new Look(script ? 1440 : 360), script);
        await deciding.OpenAsync("overview");
        await deciding.Page.ClickAsync($"main button[value='{organization}']");
        await deciding.Page.WaitForURLAsync($"**/organizations/{organization}");
        await deciding.OpenAsync("approvals?state=pending");
        await LooksGoodAsync(deciding, script);
        await deciding.Page.ClickAsync($"text={name}");
        await deciding.Page.WaitForSelectorAsync("text=close the quarter");
        await deciding.Page.FillAsync("#message", "until April");
        await LooksGoodAsync(deciding, script);
        await deciding.Page.ClickAsync("main button.primary");
        await deciding.Page.WaitForSelectorAsync(".state.approved");

        await asking.OpenAsync("account/roles");
        await asking.Page.WaitForSelectorAsync("text=until April");
        var member = (await admin.GetAsync($"/v1/organizations/{organization}/members/{asker.Id}")).Expect(200);
        Assert.Contains(role, member.Json.GetProperty("roles").EnumerateArray().Select(item => item.GetString()));
    }

    /// <summary>A member of the organization who can sign in.</summary>
    private static async Task<Person> AskerAsync(ApiClient admin, string organization)
    {
        var email = $"noor-{Guid.NewGuid():N}@example.com";
        var user = (await admin.PostAsync("/v1/users", new { email, name = "Noor de Wit" })).Expect(201).Text("id")!;
        (await admin.PostAsync($"/v1/organizations/{organization}/members", new { member = user })).Expect(200);
        await admin.BrowserOfAsync(user); // which sets the password
        return new(admin.Address, user, email, SigningIn.Password);
    }

    private static async Task LooksGoodAsync(Visit visit, bool script)
    {
        Assert.True(await visit.OverflowAsync() <= 0, "the page is wider than the window");
        if (script)
        {
            Assert.Empty(await visit.AxeAsync());
        }
    }
}
