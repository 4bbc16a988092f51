using System.Net;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Credentials;

public sealed class OwnViewsTests(SharedServers servers)
{
    private const string Page = "credentials?kind=api_key&state=active";
    private const string Link = "credentials?kind=api_key&state=active";

    [Theory, BothEngines]
    public async Task A_person_saves_renames_and_deletes_a_view_that_no_other_person_sees(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var one = await BrowserAsync(admin);
        var other = await BrowserAsync(admin);
        await SaveAsync(one, "<Keys> & more").Expect(303);
        var shown = WebUtility.HtmlDecode((await one.GetAsync("/credentials").Expect(200)).Body);
        Assert.Contains($"<a href=\"{Link}\">", shown, StringComparison.Ordinal);
        Assert.Contains("<Keys> & more", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("&lt;Keys&gt;", (await other.GetAsync("/credentials").Expect(200)).Body, StringComparison.Ordinal);

        var rename = Action((await one.GetAsync("/" + Page).Expect(200)).Body, "rename");
        await one.SendAsync(Page, rename, ("name", "keys")).Expect(303);
        Assert.Contains(">keys</a>", (await one.GetAsync("/credentials").Expect(200)).Body, StringComparison.Ordinal);
        Assert.Equal(
            404,
            (await other.PostAsync("/" + rename, [.. await other.HiddenAsync("/" + Page, "credentials/views"), ("name", "x")])).Status
        );

        var fields = (await one.HiddenAsync("/" + Page, rename)).ToList();
        await one.PostAsync("/" + rename.Replace("/rename", "/delete", StringComparison.Ordinal), fields).Expect(303);
        Assert.DoesNotContain(">keys</a>", (await one.GetAsync("/credentials").Expect(200)).Body, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task A_name_is_needed_once_and_the_same_name_replaces_the_filters(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var browser = await BrowserAsync(admin);
        Assert.Equal(422, (await SaveAsync(browser, " ")).Status);
        await SaveAsync(browser, "mine").Expect(303);
        await browser.SendAsync("credentials?kind=certificate", "credentials/views", ("name", "mine")).Expect(303);
        var shown = WebUtility.HtmlDecode((await browser.GetAsync("/credentials").Expect(200)).Body);
        Assert.Contains("<a href=\"credentials?kind=certificate\">mine</a>", shown, StringComparison.Ordinal);
        Assert.DoesNotContain($"<a href=\"{Link}\">", shown, StringComparison.Ordinal);

        await SaveAsync(browser, "another").Expect(303);
        var rename = Action((await browser.GetAsync("/" + Page).Expect(200)).Body, "rename");
        Assert.Equal(409, (await browser.SendAsync(Page, rename, ("name", "mine"))).Status);
    }

    private static async Task<Browser> BrowserAsync(ApiClient admin) =>
        await admin.BrowserOfAsync((await admin.CreateUserAsync([Administrator], new { password = (string?)null })).Id);

    private static Task<ApiResponse> SaveAsync(Browser browser, string name) =>
        browser.SendAsync(Page, "credentials/views", ("name", name));

    private static string Action(string page, string act)
    {
        var end = page.IndexOf($"/{act}\"", StringComparison.Ordinal) + act.Length + 1;
        var start = page.LastIndexOf("credentials/views/", end, StringComparison.Ordinal);
        return page[start..end];
    }
}
