namespace Tokenry.Server.Tests.Features.Notices;

public sealed class BannerTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_revocation_by_another_is_above_every_page_until_it_is_dismissed(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = (await admin.CreateUserAsync([], new { password = (string?)null })).Id;
        var own = admin.With((await admin.CreatePersonalAccessTokenAsync(user, NoticesTests.Own)).Secret);
        var token = (await admin.CreatePersonalAccessTokenAsync(user)).Id;
        var browser = await admin.BrowserOfAsync(user);
        Assert.DoesNotContain("class=\"banner\"", (await browser.GetAsync("/overview").Expect(200)).Body, StringComparison.Ordinal);

        await admin.PostAsync($"/v1/tokens/{token}/disable").Expect(200);
        await NoticesTests.ToldAsync(own, 1);
        Assert.DoesNotContain("class=\"banner\"", (await browser.GetAsync("/overview").Expect(200)).Body, StringComparison.Ordinal);

        await admin.DeleteAsync($"/v1/tokens/{token}").Expect(204);
        await NoticesTests.ToldAsync(own, 2);
        var page = (await browser.GetAsync("/overview").Expect(200)).Body;
        Assert.Contains("One notice about your credentials needs attention.", page, StringComparison.Ordinal);
        Assert.Contains("<a href=\"account/notices\">Show notices</a>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"banner\"", (await browser.GetAsync("/account/notices").Expect(200)).Body, StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"banner\"", (await browser.GetAsync("/nothing-is-here")).Body, StringComparison.Ordinal);

        await own.DeleteAsync("/v1/me/notices").Expect(204);
        Assert.DoesNotContain("class=\"banner\"", (await browser.GetAsync("/overview").Expect(200)).Body, StringComparison.Ordinal);
    }
}
