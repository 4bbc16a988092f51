namespace Tokenry.Console.Tests;

/// <summary>The story of a policy: its administrator sees what a rule would affect, saves it, and forms show it before the click.</summary>
public sealed class PolicyStoryTests(SharedServers servers, Chromium chromium)
{
    [Theory, BothEngines(true), BothEngines(false)]
    public async Task An_administrator_of_an_organization_tightens_its_policy(Engine engine, bool script)
    {
        var company = await Company.FoundAsync(servers, engine);
        var organization = await company.OrganizationAsync();
        var application = (await company.Admin.PostAsync("/v1/applications", new { name = "Tracker", organization_id = organization }))
            .Expect(201)
            .Text("id")!;
        (await company.Admin.PostAsync($"/v1/applications/{application}/api-keys", new { name = "lasts for ever" })).Expect(201);

        await using var visit = await Visit.StartAsync(chromium, company.Person, new Look(script ? 1440 : 360), script);
        var page = visit.Page;
        await visit.OpenAsync("overview");
        await page.ClickAsync($"main button[value='{organization}']");
        await page.WaitForURLAsync($"**/organizations/{organization}");
        await visit.OpenAsync("policy");
        await page.WaitForSelectorAsync("text=No rule exists yet.");
        await page.ClickAsync("text=Change the rules");
        await page.FillAsync("input[name=life_api_key]", "soon");
        await page.ClickAsync("form.policy button");
        await page.WaitForSelectorAsync("td .fault");
        await LooksGoodAsync(visit, script);
        await page.FillAsync("input[name=life_api_key]", "30d");
        await page.CheckAsync("input[name=forbidden][value=certificate]");
        await page.ClickAsync("form.policy button");
        await page.WaitForSelectorAsync(".preview >> text=lasts for ever");
        await LooksGoodAsync(visit, script);
        await page.ClickAsync("text=Save these rules");
        await page.WaitForSelectorAsync("text=Lives at most 30 days");
        await LooksGoodAsync(visit, script);

        await visit.OpenAsync($"applications/{application}/api-keys/new");
        await page.WaitForSelectorAsync("text=At most 30 days: until ");
        Assert.Equal(0, await page.Locator("input[name=expires][value=never]").CountAsync());
        await LooksGoodAsync(visit, script);
    }

    private static async Task LooksGoodAsync(Visit visit, bool script)
    {
        if (script)
        {
            Assert.Empty(await visit.AxeAsync());
            Assert.True(await visit.OverflowAsync() <= 0, "the page is wider than the window");
        }
    }
}
