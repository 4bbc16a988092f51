namespace Tokenry.Console.Tests;

/// <summary>The story of an administrator who ends everything that a filter finds, with a script and without one.</summary>
public sealed class BulkStoryTests(SharedServers servers, Chromium chromium)
{
    [Theory, BothEngines(true), BothEngines(false)]
    public async Task An_administrator_previews_confirms_and_sees_the_result_of_each(Engine engine, bool script)
    {
        var company = await Company.FoundAsync(servers, engine, "administrator");
        var application = (await company.Admin.PostAsync("/v1/applications", new { name = "Old scanners" })).Expect(201).Text("id")!;
        for (var i = 0; i < 51; i++)
        {
            (await company.Admin.PostAsync($"/v1/applications/{application}/api-keys", new { name = $"scanner {i}" })).Expect(201);
        }

        await using var visit = await Visit.StartAsync(chromium, company.Person, new Look(script ? 1440 : 360), script);
        var page = visit.Page;
        await visit.OpenAsync($"credentials?owner={application}");
        await page.WaitForSelectorAsync("td >> text=Old scanners");
        await page.ClickAsync("text=Revoke what is listed");
        await page.WaitForSelectorAsync(".figure >> text=51");
        await LooksGoodAsync(visit, script);
        await page.FillAsync("#confirm", "50");
        await page.FillAsync("#reason", "replaced");
        await page.ClickAsync(".danger button");
        await page.WaitForSelectorAsync("#confirm-help.fault");
        Assert.Equal("replaced", await page.InputValueAsync("#reason"));
        await page.FillAsync("#confirm", "51");
        await page.ClickAsync(".danger button");
        if (!script)
        {
            await page.WaitForSelectorAsync("text=The change is not finished.");
            await page.ClickAsync("button >> text=Go on");
        }

        await page.WaitForSelectorAsync("text=The change is finished.");
        await LooksGoodAsync(visit, script);
        Assert.Equal("51", await page.InnerTextAsync(".figure strong"));
        var revoked = (await company.Admin.GetAsync($"/v1/credentials?owner={application}&state=revoked&limit=200")).Expect(200);
        Assert.Equal(51, revoked.Json.GetProperty("items").GetArrayLength());
    }

    [Theory, BothEngines]
    public async Task A_roll_shows_new_secrets_and_waits_for_the_person(Engine engine)
    {
        var company = await Company.FoundAsync(servers, engine, "administrator");
        var application = (await company.Admin.PostAsync("/v1/applications", new { name = "Robots" })).Expect(201).Text("id")!;
        for (var i = 0; i < 2; i++)
        {
            (await company.Admin.PostAsync($"/v1/applications/{application}/api-keys", new { name = $"robot {i}" })).Expect(201);
        }

        await using var visit = await Visit.StartAsync(chromium, company.Person, new Look(360, IsDark: true));
        var page = visit.Page;
        await visit.OpenAsync($"credentials/bulk/roll?owner={application}");
        await page.FillAsync("#confirm", "2");
        await page.ClickAsync(".danger button");
        await page.WaitForSelectorAsync("text=Copy these secrets now.");
        await LooksGoodAsync(visit, script: true);
        Assert.Equal(2, await page.Locator("td code[id^=secret-]").CountAsync());
        await page.ClickAsync("td [data-copy] >> nth=0");
        Assert.Equal(
            await page.InnerTextAsync("td code[id^=secret-] >> nth=0"),
            await page.EvaluateAsync<string>("navigator.clipboard.readText()")
        );
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
