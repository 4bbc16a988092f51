using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Organizations;

namespace Tokenry.Server.Tests.Features.Approvals.RoleRequests;

/// <summary>The pages of requests for roles, without a script: the way there, the form, the own list, the queue, the decision.</summary>
public sealed class RoleRequestPagesTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_person_asks_on_the_pages_and_an_administrator_of_the_organization_decides(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var role = await admin.RequestableRoleAsync();
        var (person, administrator) = (await admin.CreateUserAsync([]), await admin.CreateUserAsync([]));
        await admin.JoinAsync(organization, person.Id, OrganizationCalls.OrganizationMember).Expect(200);
        await admin.JoinAsync(organization, administrator.Id, OrganizationCalls.OrganizationAdministrator).Expect(200);
        var (asking, deciding) = (await admin.BrowserOfAsync(person.Id), await admin.BrowserOfAsync(administrator.Id));
        await deciding.ActInAsync(organization);

        // The way there: the form for a token, and a token that was made.
        Assert.Contains(
            "href=\"account/roles/new\"",
            (await asking.GetAsync("/account/tokens/new")).Expect(200).Body,
            StringComparison.Ordinal
        );
        var made = (await asking.SendAsync("account/tokens/new", "account/tokens/new", ("name", "laptop"), ("expires", "7")))
            .Expect(200)
            .Body;
        Assert.Contains("Make one for a colleague", made, StringComparison.Ordinal);
        Assert.Contains("/account/tokens/new?name=laptop", made, StringComparison.Ordinal);
        Assert.Contains("href=\"account/roles/new\"", made, StringComparison.Ordinal);

        // The form keeps what was typed.
        var value = $"{role.Id}@{organization}";
        var form = (await asking.GetAsync($"/account/roles/new?role={role.Id}&organization={organization}")).Expect(200).Body;
        Assert.Contains($"<option value=\"{value}\" selected", form, StringComparison.Ordinal);
        var silent = (await AskAsync(("role", value))).Expect(400).Body;
        Assert.Contains($"<option value=\"{value}\" selected", silent, StringComparison.Ordinal);
        Assert.Contains("must say why", silent, StringComparison.Ordinal);
        var unchosen = (await AskAsync(("role", ""), ("justification", "kept for me"))).Expect(400).Body;
        Assert.Contains("value=\"kept for me\"", unchosen, StringComparison.Ordinal);
        (await AskAsync(("role", value), ("justification", "close the quarter"))).Expect(303);
        var twice = (await AskAsync(("role", value), ("justification", "close the quarter"))).Expect(409).Body;
        Assert.Contains("You asked for this role before", twice, StringComparison.Ordinal);

        // The queue and the decision.
        var queue = (await deciding.GetAsync("/approvals?state=pending&kind=role")).Expect(200).Body;
        Assert.Contains("close the quarter", queue, StringComparison.Ordinal);
        var page = $"approvals/rrq_{queue.Split("href=\"approvals/rrq_")[1][..22]}";
        var shown = (await deciding.GetAsync("/" + page)).Expect(200).Body;
        Assert.Contains("What it gives", shown, StringComparison.Ordinal);
        (await deciding.SendAsync(page, $"{page}/approve", ("message", new string('x', 151)))).Expect(400);
        (await deciding.SendAsync(page, $"{page}/approve", ("message", "until April"))).Expect(303);
        Assert.Contains(role.Id, await admin.RolesThereAsync(organization, person.Id));
        var own = (await asking.GetAsync("/account/roles")).Expect(200).Body;
        Assert.Contains("until April", own, StringComparison.Ordinal);
        Assert.Contains("approved", own, StringComparison.Ordinal);
        (await asking.GetAsync("/approvals")).Expect(403);

        Task<ApiResponse> AskAsync(params (string, string)[] fields) => asking.SendAsync("account/roles/new", "account/roles/new", fields);
    }

    [Theory, BothEngines]
    public async Task A_request_is_withdrawn_and_one_of_ones_own_has_no_buttons(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var role = await admin.RequestableRoleAsync();
        var administrator = await admin.CreateUserAsync([ManagementCalls.Administrator]);
        var browser = await admin.BrowserOfAsync(administrator.Id);
        (await browser.SendAsync("account/roles/new", "account/roles/new", ("role", $"{role.Id}@"), ("justification", "to try it"))).Expect(
            303
        );
        var own = (await browser.GetAsync("/account/roles")).Expect(200).Body;
        var id = "rrq_" + own.Split("account/roles/rrq_")[1][..22];
        var page = (await browser.GetAsync($"/approvals/{id}")).Expect(200).Body;
        Assert.Contains("It is your own request", page, StringComparison.Ordinal);
        Assert.DoesNotContain($"approvals/{id}/approve", page, StringComparison.Ordinal);
        var withdraw = $"account/roles/{id}/withdraw";
        var hidden = await browser.HiddenAsync("/account/roles", withdraw);
        (await browser.PostAsync("/" + withdraw, [.. hidden])).Expect(303);
        Assert.Contains("withdrawn", (await browser.GetAsync("/account/roles")).Expect(200).Body, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task A_role_is_opened_for_requests_on_its_page(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var role = await admin.CreateRoleAsync([]);
        var browser = await admin.BrowserOfAsync((await admin.CreateUserAsync([ManagementCalls.Administrator])).Id);
        var page = $"roles/{role.Id}";
        (await browser.SendAsync(page, page, ("name", CreateRequests.Unique("opened")), ("requestable", "yes"))).Expect(303);
        Assert.True(await RequestableAsync());
        (await browser.SendAsync(page, page, ("name", CreateRequests.Unique("closed")))).Expect(303);
        Assert.False(await RequestableAsync());

        async Task<bool> RequestableAsync() =>
            (await admin.GetAsync($"/v1/roles/{role.Id}").Expect(200)).Json.GetProperty("requestable").GetBoolean();
    }
}
