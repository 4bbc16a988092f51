using System.Net;

namespace Tokenry.Server.Tests.Features.ApiKeys;

/// <summary>The guide after the first sign-in: an API, a key, and its first request.</summary>
public sealed class GuideTests(SharedServers servers)
{
    private const string Administrator = "rol_0000000000000000000001";

    [Theory, BothEngines]
    public async Task A_new_administrator_registers_an_api_makes_a_key_and_sees_its_first_request(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var browser = await admin.BrowserOfAsync((await admin.CreateUserAsync([Administrator])).Id);
        var identifier = $"https://{CreateRequests.Unique("guide")}.example.com";
        (string, string)[] fields =
        [
            ("name", "Invoices"),
            ("identifier", identifier),
            ("scopes", "invoices:read Read invoices\r\n\r\ninvoices:write\r\n"),
            ("access_log", "all"),
        ];
        (await browser.SendAsync("apis/new?guide=yes", "apis/new", ("name", "Invoices"), ("identifier", "not a uri"))).Expect(400);
        var next = (await browser.SendAsync("apis/new?guide=yes", "apis/new", fields)).Expect(303).Header("Location")!;
        Assert.Equal($"/start/key?api={Uri.EscapeDataString(identifier)}", next);
        var api = (await admin.GetAsync($"/v1/api-resources?identifier={Uri.EscapeDataString(identifier)}").Expect(200)).Json.GetProperty(
            "items"
        )[0];
        Assert.Equal("all", api.GetProperty("access_log").GetString());
        Assert.Equal("Read invoices", api.GetProperty("scopes")[0].GetProperty("description").GetString());

        (await browser.SendAsync(next[1..], "start/key", ("name", "billing"))).Expect(400); // no scope
        var page = WebUtility.HtmlDecode(
            (await browser.SendAsync(next[1..], "start/key", ("name", "billing"), ("scope", "invoices:read"))).Expect(200).Body
        );
        var key = page.Split("id=\"secret\" tabindex=\"0\">")[1].Split('<')[0];
        var poll = "/" + page.Split("data-poll=\"")[1].Split('"')[0];
        (await browser.GetAsync(poll)).Expect(204);
        var question = page.Split("curl -i -H")[1].Split(admin.Address)[1].Split('"')[0];
        await admin.With(key).GetAsync(question).Expect(200);
        var seen = await browser.GetAsync(poll);
        for (var i = 0; i < 100 && seen.Status == 204; i++)
        {
            await Task.Delay(100);
            seen = await browser.GetAsync(poll);
        }

        Assert.StartsWith("First used", seen.Expect(200).Body, StringComparison.Ordinal);
        (await browser.GetAsync("/start/key?api=https://unknown.example.com")).Expect(404);
    }
}
