namespace Tokenry.Console.Tests;

/// <summary>The story of a second factor: a person sets it up from the page alone, signs in with it, and loses the phone.</summary>
public sealed class SecondFactorStoryTests(SharedServers servers, Chromium chromium)
{
    [Theory, BothEngines]
    public async Task A_person_sets_up_an_app_and_signs_in_with_its_code_and_with_a_recovery_code(Engine engine)
    {
        var company = await Company.FoundAsync(servers, engine);
        string[] codes;
        AuthenticatorApp app;
        await using (var visit = await Visit.StartAsync(chromium, company.Person, new Look(360)))
        {
            var page = visit.Page;
            await visit.OpenAsync("account/security");
            await page.ClickAsync("text=Set up a second factor");
            await LooksGoodAsync(visit);
            app = new AuthenticatorApp(await page.InnerTextAsync("#key"));
            Assert.True(await page.IsVisibleAsync("svg.qr"));
            await page.FillAsync("#code", app.WrongCode());
            await page.ClickAsync("text=Turn on");
            await page.WaitForSelectorAsync("#error");
            await page.FillAsync("#code", app.Code());
            await page.ClickAsync("text=Turn on");
            await page.WaitForSelectorAsync("#codes");
            await LooksGoodAsync(visit);
            codes = (await page.InnerTextAsync("#codes")).Split(
                '\n',
                StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
            );
            Assert.Equal(10, codes.Length);
            await page.ClickAsync("text=I have kept them");
            await page.WaitForSelectorAsync("text=10 recovery codes are left.");
            await LooksGoodAsync(visit);
        }

        foreach (var code in new[] { app.Code(1), codes[0] })
        {
            await using var visit = await Visit.OpenSignInAsync(chromium, company.Person, new Look(360, IsDark: true));
            await visit.Page.WaitForURLAsync("**/sign-in/code?*");
            await LooksGoodAsync(visit);
            await visit.Page.FillAsync("#code", code);
            await visit.Page.ClickAsync("main form button");
            await visit.Page.WaitForURLAsync("**/account/tokens");
        }
    }

    private static async Task LooksGoodAsync(Visit visit)
    {
        Assert.Empty(await visit.AxeAsync());
        Assert.True(await visit.OverflowAsync() <= 0, "the page is wider than the window");
    }
}
