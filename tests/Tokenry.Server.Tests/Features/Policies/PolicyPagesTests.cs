using Tokenry.Server.Tests.Features.Organizations;

namespace Tokenry.Server.Tests.Features.Policies;

/// <summary>The pages of policies, without a script: the rules in words, the preview before a change, and the limits that forms show.</summary>
public sealed class PolicyPagesTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task An_administrator_of_an_organization_previews_a_change_and_saves_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var application = await admin.ApplicationOfAsync(organization);
        var key = await admin.CreateApiKeyAsync(application.Id, new { name = "lasts for ever" });
        var browser = await InOrganizationAsync(admin, organization, OrganizationCalls.OrganizationAdministrator);
        (await browser.GetAsync("/policy")).Expect(200);

        var refused = (
            await browser.SendAsync("policy/edit", "policy/edit", ("life_api_key", "soon"), ("networks", "10.0.0.0/8 x"))
        ).Expect(400);
        Assert.Contains("life_api_key-help", refused.Body, StringComparison.Ordinal);
        Assert.Contains("value=\"soon\"", refused.Body, StringComparison.Ordinal);
        Assert.Contains("10.0.0.0/8 x", refused.Body, StringComparison.Ordinal);
        Assert.Contains(
            "is not an address",
            (await browser.SendAsync("policy/edit", "policy/edit", ("networks", "x"))).Expect(400).Body,
            StringComparison.Ordinal
        );

        (string, string)[] rules =
        [
            ("life_api_key", "90d"),
            ("must", "client_secret"),
            ("forbidden", "certificate"),
            ("tokens", "5"),
            ("recoverable", "forbidden"),
        ];
        var preview = (await browser.SendAsync("policy/edit", "policy/edit", rules)).Expect(200).Body;
        Assert.Contains($"href=\"credentials/{key.Id}\"", preview, StringComparison.Ordinal);
        Assert.Contains("lasts for ever", preview, StringComparison.Ordinal);
        Assert.Contains("lives too long", preview, StringComparison.Ordinal);
        Assert.Equal(0, await admin.EventsAsync(organization, "policy.updated"));

        // The form of the preview has the rules as hidden fields.
        Assert.Contains("name=\"life_api_key\" value=\"90d\"", preview, StringComparison.Ordinal);
        var token = (await browser.HiddenAsync("/policy/edit", "policy/edit"))[0];
        Assert.Equal("/policy", (await browser.PostAsync("/policy", [token, .. rules])).Expect(303).Header("Location"));
        var policy = (await admin.GetAsync(PolicyCalls.Path(organization)).Expect(200)).Json;
        Assert.Equal(90 * 86_400, policy.GetProperty("max_lifetimes")[0].GetProperty("seconds").GetInt32());
        Assert.Equal("client_secret", policy.GetProperty("expiry_required")[0].GetString());
        Assert.Equal("certificate", policy.GetProperty("forbidden_kinds")[0].GetString());
        Assert.Equal(5, policy.GetProperty("max_tokens_per_user").GetInt32());
        Assert.Equal("forbidden", policy.GetProperty("recoverable").GetString());
        var page = (await browser.GetAsync("/policy")).Expect(200).Body;
        Assert.Contains("Lives at most 90 days", page, StringComparison.Ordinal);
        Assert.Contains("At most 5 live personal access tokens each", page, StringComparison.Ordinal);
        Assert.Contains("Recoverable API keys", page, StringComparison.Ordinal);

        // What is saved is in the form again; an empty form removes every rule.
        Assert.Contains("value=\"90d\"", (await browser.GetAsync("/policy/edit")).Expect(200).Body, StringComparison.Ordinal);
        (await browser.SendAsync("policy/edit", "policy/edit")).Expect(200);
        (await browser.PostAsync("/policy", [token])).Expect(303);
        Assert.Equal(2, await admin.EventsAsync(organization, "policy.updated"));
        Assert.DoesNotContain("Lives at most 90 days", (await browser.GetAsync("/policy")).Expect(200).Body, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task A_preview_goes_on_page_by_page(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var application = await admin.ApplicationOfAsync(organization);
        for (var i = 0; i < 51; i++)
            await admin.CreateApiKeyAsync(application.Id, new { name = $"key {i} of many" });
        var browser = await InOrganizationAsync(admin, organization, OrganizationCalls.OrganizationAdministrator);
        (string, string)[] rules = [("must", "api_key")];
        var first = (await browser.SendAsync("policy/edit", "policy/edit", rules)).Expect(200).Body;
        Assert.Contains("on this page that break these rules: 50.", first, StringComparison.Ordinal);
        var cursor = first.Split("name=\"cursor\" value=\"")[1].Split('"')[0];
        var second = (await browser.SendAsync("policy/edit", "policy/edit", [.. rules, ("cursor", cursor)])).Expect(200).Body;
        Assert.Contains("on this page that break these rules: 1.", second, StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"cursor\"", second, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task Those_who_may_not_change_a_policy_read_it_and_others_do_not_find_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var other = await admin.OrganizationAsync();
        await admin.SetPolicyAsync(organization, new { forbidden_kinds = new[] { "api_key" } }).Expect(200);
        var browser = await InOrganizationAsync(admin, organization, OrganizationCalls.OrganizationMember);
        var page = (await browser.GetAsync("/policy")).Expect(200).Body;
        Assert.Contains("Forbidden", page, StringComparison.Ordinal);
        Assert.DoesNotContain("policy/edit", page, StringComparison.Ordinal);
        (await browser.GetAsync("/policy/edit")).Expect(403);
        var token = (await browser.HiddenAsync("/account/tokens", "appearance"))[0];
        Assert.Equal(403, (await browser.PostAsync("/policy/edit", [token, ("must", "api_key")])).Status);
        Assert.Equal(403, (await browser.PostAsync("/policy", [token])).Status);
        (await browser.GetAsync($"/organizations/{other}/policy")).Expect(404);

        var server = await admin.BrowserOfAsync((await admin.CreateUserAsync(["rol_0000000000000000000001"])).Id);
        (await server.GetAsync("/policy")).Expect(200);
        (await server.SendAsync("policy/edit", "policy/edit", ("must", "certificate"))).Expect(200);
        var own = (await server.GetAsync($"/organizations/{organization}/policy")).Expect(200).Body;
        Assert.Contains("Forbidden", own, StringComparison.Ordinal);
        (
            await server.SendAsync(
                $"organizations/{organization}/policy/edit",
                $"organizations/{organization}/policy/edit",
                ("must", "certificate")
            )
        ).Expect(200);
        (await server.GetAsync("/organizations/org_000000000000000000000A/policy")).Expect(404);
        (await server.GetAsync("/organizations/x/policy/edit")).Expect(404);
    }

    [Theory, BothEngines]
    public async Task The_forms_of_credentials_show_the_limit_and_whose_it_is_before_the_click(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var name = (await admin.GetAsync($"/v1/organizations/{organization}").Expect(200)).Text("name");
        var application = await admin.ApplicationOfAsync(organization);
        await admin
            .SetPolicyAsync(
                organization,
                new
                {
                    max_lifetimes = new object[]
                    {
                        new { kind = "api_key", seconds = 3 * 86_400 },
                        new { kind = "personal_access_token", seconds = 7200 },
                    },
                    forbidden_kinds = new[] { "client_secret" },
                    max_tokens_per_user = 2,
                    allowed_networks = new[] { "127.0.0.0/8" },
                }
            )
            .Expect(200);
        var server = await admin.BrowserOfAsync((await admin.CreateUserAsync(["rol_0000000000000000000001"])).Id);
        var key = (await server.GetAsync($"/applications/{application.Id}/api-keys/new")).Expect(200).Body;
        Assert.Contains("At most 3 days: until ", key, StringComparison.Ordinal);
        Assert.Contains($"This limit comes from {name}.", key, StringComparison.Ordinal);
        Assert.Contains("Name networks within 127.0.0.0/8", key, StringComparison.Ordinal);
        Assert.DoesNotContain("value=\"never\"", key, StringComparison.Ordinal);
        Assert.DoesNotContain("value=\"30\"", key, StringComparison.Ordinal);
        var secret = (await server.GetAsync($"/applications/{application.Id}/secrets/new")).Expect(200).Body;
        Assert.Contains("credentials of this kind are forbidden", secret, StringComparison.Ordinal);

        // What the form offers is what the server takes.
        var browser = await InOrganizationAsync(admin, organization, OrganizationCalls.OrganizationMember);
        var token = (await browser.GetAsync("/account/tokens/new")).Expect(200).Body;
        Assert.Contains("At most 2 hours: until ", token, StringComparison.Ordinal);
        Assert.Contains("A user has at most 2 live tokens.", token, StringComparison.Ordinal);
        Assert.Contains("value=\"7200s\" checked", token, StringComparison.Ordinal);
        (
            await browser.SendAsync(
                "account/tokens/new",
                "account/tokens/new",
                ("name", "short"),
                ("expires", "7200s"),
                ("networks", "127.0.0.1")
            )
        ).Expect(200);
        var late = await browser.SendAsync("account/tokens/new", "account/tokens/new", ("name", "long"), ("expires", "7200000s"));
        Assert.Contains("value=\"long\"", late.Expect(422).Body, StringComparison.Ordinal);
    }

    private static async Task<Browser> InOrganizationAsync(ApiClient admin, string organization, string role)
    {
        var user = await admin.CreateUserAsync([]);
        await admin.JoinAsync(organization, user.Id, role).Expect(200);
        var browser = await admin.BrowserOfAsync(user.Id);
        await browser.ActInAsync(organization);
        return browser;
    }
}
