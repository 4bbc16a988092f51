using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Organizations;
using Tokenry.Server.Tests.Features.Policies;

namespace Tokenry.Server.Tests.Features.Approvals;

/// <summary>The pages of approvals, without a script: the rule, the form that asks, the queue, the decision.</summary>
public sealed class ApprovalPagesTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_person_asks_for_a_token_and_an_administrator_approves_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var (asking, deciding) = (
            await InOrganizationAsync(admin, organization, OrganizationCalls.OrganizationMember),
            await InOrganizationAsync(admin, organization, OrganizationCalls.OrganizationAdministrator)
        );

        // The rule.
        (string, string)[] rules = [("approval", "personal_access_token"), ("approval", "api_key"), ("within_days_api_key", "soon")];
        var refused = (await deciding.SendAsync("policy/edit", "policy/edit", rules)).Expect(400);
        Assert.Contains("must be a number of days", refused.Body, StringComparison.Ordinal);
        rules = [.. rules[..2], ("within_days_api_key", "30"), ("within_role_api_key", OrganizationCalls.OrganizationMember)];
        var preview = (await deciding.SendAsync("policy/edit", "policy/edit", rules)).Expect(200).Body;
        Assert.Contains("name=\"within_days_api_key\" value=\"30\"", preview, StringComparison.Ordinal);
        var hidden = (await deciding.HiddenAsync("/policy/edit", "policy/edit"))[0];
        (await deciding.PostAsync("/policy", [hidden, .. rules])).Expect(303);
        var policy = (await deciding.GetAsync("/policy")).Expect(200).Body;
        Assert.Contains("Needs an approval", policy, StringComparison.Ordinal);
        Assert.Contains("within the role Organization member and it lives at most 30 days", policy, StringComparison.Ordinal);
        ManagementCalls.AssertJson(
            $$"""[{"kind":"personal_access_token","within_role":null,"within_days":null},{"kind":"api_key","within_role":"{{OrganizationCalls.OrganizationMember}}","within_days":30}]""",
            (await admin.GetAsync(PolicyCalls.Path(organization)).Expect(200)).Json.GetProperty("approval_required")
        );

        // The form says so before the click, and keeps what was typed.
        var form = (await asking.GetAsync("/account/tokens/new")).Expect(200).Body;
        Assert.Contains("It works once an administrator of", form, StringComparison.Ordinal);
        Assert.Contains("name=\"justification\"", form, StringComparison.Ordinal);
        var silent = (await AskAsync(asking, ("name", "kept for me"))).Expect(422).Body;
        Assert.Contains("value=\"kept for me\"", silent, StringComparison.Ordinal);
        var made = (await AskAsync(asking, ("name", "quarter"), ("justification", "close the quarter"))).Expect(200).Body;
        Assert.Contains("It does not work yet", made, StringComparison.Ordinal);
        var own = (await asking.GetAsync("/account/tokens?state=pending_approval")).Expect(200).Body;
        Assert.Contains("waits for approval", own, StringComparison.Ordinal);

        // The queue and the decision.
        var queue = (await deciding.GetAsync("/approvals?state=pending")).Expect(200).Body;
        Assert.Contains("close the quarter", queue, StringComparison.Ordinal);
        var id = queue.Split("href=\"approvals/apr_")[1][..22];
        var page = (await deciding.GetAsync($"/approvals/apr_{id}")).Expect(200).Body;
        Assert.Contains("What it could do", page, StringComparison.Ordinal);
        (await deciding.SendAsync($"approvals/apr_{id}", $"approvals/apr_{id}/approve", ("message", new string('x', 151)))).Expect(400);
        (await deciding.SendAsync($"approvals/apr_{id}", $"approvals/apr_{id}/approve", ("message", "until April"))).Expect(303);
        Assert.Contains("until April", (await deciding.GetAsync($"/approvals/apr_{id}")).Expect(200).Body, StringComparison.Ordinal);
        var credential = (await admin.GetAsync($"/v1/approvals/apr_{id}").Expect(200)).Text("credential.id");
        var shown = (await asking.GetAsync($"/account/tokens/{credential}")).Expect(200).Body;
        Assert.Contains("close the quarter", shown, StringComparison.Ordinal);
        Assert.Contains("until April", shown, StringComparison.Ordinal);
        (await asking.GetAsync("/approvals")).Expect(403);

        static Task<ApiResponse> AskAsync(Browser browser, params (string, string)[] fields) =>
            browser.SendAsync("account/tokens/new", "account/tokens/new", [("expires", "7"), .. fields]);
    }

    [Theory, BothEngines]
    public async Task A_denial_on_the_page_ends_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var made = await admin.PendingKeyAsync(organization);
        var deciding = await InOrganizationAsync(admin, organization, OrganizationCalls.OrganizationAdministrator);
        var page = $"approvals/{made.Text("approval.id")}";
        var hidden = await deciding.HiddenAsync("/" + page, page + "/approve");
        (await deciding.PostAsync($"/{page}/deny", [.. hidden, ("message", "no need")])).Expect(303);
        var shown = (await deciding.GetAsync("/" + page)).Expect(200).Body;
        Assert.Contains("denied", shown, StringComparison.Ordinal);
        Assert.Equal("revoked", await admin.CodeAsync(made.Text("token")));
        // Who decides too late reads why.
        var late = (await deciding.PostAsync($"/{page}/approve", [.. hidden])).Expect(409).Body;
        Assert.Contains("Another person decided before", late, StringComparison.Ordinal);
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
