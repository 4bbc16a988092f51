using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Organizations;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Credentials;

/// <summary>The list of all credentials as pages, without a script: names, views, and changes of all that is listed.</summary>
public sealed class CredentialListPagesTests(SharedServers servers)
{
    private const string Administrator = "rol_0000000000000000000001";

    [Theory, BothEngines]
    public async Task A_list_shows_the_names_of_owners_and_when_a_key_is_due(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var application = await admin.ApplicationOfAsync(organization);
        var name = (await admin.GetAsync($"/v1/applications/{application.Id}").Expect(200)).Text("name");
        await admin.CreateApiKeyAsync(application.Id, new { rotate_every_days = 3 });
        var browser = await admin.BrowserOfAsync((await admin.CreateUserAsync([Administrator])).Id);
        var list = (await browser.GetAsync($"/credentials?owner={application.Id}")).Expect(200).Body;
        Assert.Contains($">{name}</a>", list, StringComparison.Ordinal);
        Assert.Contains("due in 3 days", list, StringComparison.Ordinal);
        var organizationName = (await admin.GetAsync($"/v1/organizations/{organization}").Expect(200)).Text("name");
        Assert.Contains(
            $">{organizationName}</a>",
            (await browser.GetAsync($"/applications?organization={organization}")).Expect(200).Body,
            StringComparison.Ordinal
        );
        Assert.Contains(
            $">{organizationName}</a>",
            (await browser.GetAsync($"/applications/{application.Id}")).Expect(200).Body,
            StringComparison.Ordinal
        );

        // A person who may see credentials, and no applications, sees the id.
        var role = await admin.CreateRoleAsync([At(Management, "credentials:read")]);
        var reader = await admin.BrowserOfAsync((await admin.CreateUserAsync([role.Id])).Id);
        var ids = (await reader.GetAsync($"/credentials?owner={application.Id}")).Expect(200).Body;
        Assert.Contains($"<code class=\"meta\">{application.Id}</code>", ids, StringComparison.Ordinal);
        Assert.DoesNotContain(name, ids, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task Saved_views_are_links_and_their_filters_find_what_they_say(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().ApiKey(_ => new { expires_at = In(600) }).ApiKey().CreateAsync();
        await admin.DeleteAsync($"/v1/api-keys/{made.ApiKeys[2].Id}").Expect(204);
        var owner = $"owner={made.Application.Id}";
        await AssertFoundAsync($"{owner}&expires=never&state=active", made.ApiKeys[0].Id);
        await AssertFoundAsync($"{owner}&revoked_since={In(-600)}", made.ApiKeys[2].Id);
        await AssertFoundAsync($"{owner}&revoked_since={In(600)}");
        await admin.GetAsync("/v1/credentials?expires=soon").ExpectFaultAsync("expires");

        var browser = await admin.BrowserOfAsync((await admin.CreateUserAsync([Administrator])).Id);
        var page = (await browser.GetAsync("/credentials")).Expect(200).Body;
        Assert.Contains("Filter the list first.", page, StringComparison.Ordinal);
        foreach (
            var view in new[] { "Due within 30 days", "Overdue", "Unused for 90 days", "Without expiry", "Revoked in the last 7 days" }
        )
        {
            var address = page.Split($">{view}</a>")[0].Split("href=\"")[^1].Split('"')[0].Replace("&amp;", "&", StringComparison.Ordinal);
            var shown = (await browser.GetAsync("/" + address)).Expect(200).Body;
            Assert.Contains($"aria-current=\"page\">{view}</a>", shown, StringComparison.Ordinal);
        }

        async Task AssertFoundAsync(string filters, params string[] ids) =>
            Assert.Equal(ids, OrganizationCalls.Ids(await admin.GetAsync("/v1/credentials?" + filters)));
    }

    [Theory, BothEngines]
    public async Task A_preview_says_what_would_change_and_the_result_what_did_page_by_page(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([]);
        var first = await admin.CreateApiKeyAsync(application.Id, new { name = "the first of many" });
        for (var i = 0; i < 50; i++)
            await admin.CreateApiKeyAsync(application.Id);
        var browser = await admin.BrowserOfAsync((await admin.CreateUserAsync([Administrator])).Id);
        var page = $"credentials/bulk/revoke?owner={application.Id}";
        Assert.Contains(page, (await browser.GetAsync($"/credentials?owner={application.Id}")).Expect(200).Body, StringComparison.Ordinal);
        var preview = (await browser.GetAsync("/" + page)).Expect(200).Body;
        Assert.Contains("<strong>51</strong> <span>will be revoked</span>", preview, StringComparison.Ordinal);
        Assert.Contains("the first of many", preview, StringComparison.Ordinal);

        // Without the number nothing happens, and the reason that was typed stays.
        var unsure = (await browser.SendAsync(page, page, ("confirm", "50"), ("reason", "old ones"))).Expect(400).Body;
        Assert.Contains("must be 51", unsure, StringComparison.Ordinal);
        Assert.Contains("value=\"old ones\"", unsure, StringComparison.Ordinal);
        Assert.Equal("valid", (await admin.VerifyAsync(first.Secret)).Text("code"));

        var result = (await browser.SendAsync(page, page, ("confirm", "51"), ("reason", "old ones"))).Expect(200).Body;
        Assert.Contains("<strong>50</strong> <span>done</span>", result, StringComparison.Ordinal);
        Assert.Equal("revoked", (await admin.VerifyAsync(first.Secret)).Text("code"));
        var next = Hidden(result);
        var last = (await browser.PostAsync("/" + page, next)).Expect(200).Body;
        Assert.Contains("<strong>51</strong> <span>done</span>", last, StringComparison.Ordinal);
        Assert.Contains("The change is finished.", last, StringComparison.Ordinal);
        var revoked = (await admin.GetAsync($"/v1/credentials?owner={application.Id}&state=revoked&limit=200").Expect(200)).Json;
        Assert.Equal(51, revoked.GetProperty("items").GetArrayLength());
        Assert.All(
            revoked.GetProperty("items").EnumerateArray(),
            item => Assert.Equal("old ones", item.GetProperty("revoked_reason").GetString())
        );
        Assert.Contains("Nothing is left to do", (await browser.GetAsync("/" + page)).Expect(200).Body, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task A_roll_shows_each_secret_once_and_says_what_was_left_out(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().ClientSecret().PublicKey().CreateAsync();
        var browser = await admin.BrowserOfAsync((await admin.CreateUserAsync([Administrator])).Id);
        var page = $"credentials/bulk/roll?owner={made.Application.Id}";
        Assert.Contains(
            "<strong>2</strong> <span>will get",
            (await browser.GetAsync("/" + page)).Expect(200).Body,
            StringComparison.Ordinal
        );
        (await browser.SendAsync(page, page, ("confirm", "2"), ("overlap", "exact"), ("overlap_hours", "x"))).Expect(400);
        var result = (await browser.SendAsync(page, page, ("confirm", "2"), ("overlap", "3600"))).Expect(200);
        Assert.Equal("no-store", result.Header("Cache-Control"));
        var secret = result.Body.Split($"id=\"secret-{made.ApiKey.Id}\">")[1].Split('<')[0];
        Assert.Equal("valid", (await admin.VerifyAsync(secret)).Text("code"));
        Assert.Equal("valid", (await admin.VerifyAsync(made.ApiKey.Secret)).Text("code"));

        var again = (await browser.GetAsync("/" + page)).Expect(200).Body;
        Assert.Contains("<strong>2</strong> <span>left out</span>", again, StringComparison.Ordinal);
        Assert.Contains("Another rotation would end it at once.", again, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task A_bulk_change_reaches_as_far_as_the_person_and_needs_a_filter(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var other = await Scenario.On(admin).ApiKey().CreateAsync();
        var developer = await admin.BrowserOfAsync((await admin.CreateUserAsync(["rol_0000000000000000000003"])).Id);
        var page = $"credentials/bulk/disable?owner={other.Application.Id}";
        Assert.Contains("Nothing is left to do", (await developer.GetAsync("/" + page)).Expect(200).Body, StringComparison.Ordinal);
        (await developer.GetAsync("/credentials/bulk/disable")).Expect(400);
        Assert.Equal("valid", (await admin.VerifyAsync(other.ApiKey.Secret)).Text("code"));

        // In an organization, an administrator changes what acts there, and nothing else.
        var organization = await admin.OrganizationAsync();
        var own = await admin.CreateApiKeyAsync((await admin.ApplicationOfAsync(organization)).Id);
        var user = await admin.CreateUserAsync([]);
        await admin.JoinAsync(organization, user.Id, OrganizationCalls.OrganizationAdministrator).Expect(200);
        var browser = await admin.BrowserOfAsync(user.Id);
        await browser.ActInAsync(organization);
        Assert.Contains("Nothing is left to do", (await browser.GetAsync("/" + page)).Expect(200).Body, StringComparison.Ordinal);
        const string all = "credentials/bulk/disable?state=active";
        Assert.Contains(
            "<strong>1</strong> <span>will be disabled",
            (await browser.GetAsync("/" + all)).Expect(200).Body,
            StringComparison.Ordinal
        );
        (await browser.SendAsync(all, all, ("confirm", "1"))).Expect(200);
        Assert.Equal("disabled", (await admin.VerifyAsync(own.Secret)).Text("code"));
        Assert.Equal("valid", (await admin.VerifyAsync(other.ApiKey.Secret)).Text("code"));
    }

    /// <summary>The hidden fields of the form that goes on.</summary>
    private static IEnumerable<(string, string)> Hidden(string page)
    {
        var form = page.Split("action=\"credentials/bulk/")[1].Split("</form>")[0];
        return form.Split("type=\"hidden\" name=\"")
            .Skip(1)
            .Select(field => (field.Split('"')[0], System.Net.WebUtility.HtmlDecode(field.Split("value=\"")[1].Split('"')[0])));
    }
}
