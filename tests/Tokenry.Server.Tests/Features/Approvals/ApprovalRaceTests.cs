using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Organizations;
using Tokenry.Server.Tests.Features.Policies;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Approvals;

/// <summary>A decision is judged at its commit: by the rights and policies of then, and once.</summary>
public sealed class ApprovalRaceTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Of_64_decisions_at_once_one_is(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var made = await admin.PendingKeyAsync(organization);
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 64).Select(i => i % 2 == 0 ? admin.ApproveAsync(made) : admin.DenyAsync(made))
        );
        var won = Assert.Single(answers, answer => answer.Status == 200);
        Assert.All(answers.Except([won]), answer => answer.Expect(409, "approval_decided"));
        var isApproved = won.Text("state") == "approved";
        Assert.Equal(isApproved ? "valid" : "revoked", await admin.CodeAsync(made.Text("token")));
        Assert.Equal(
            (isApproved ? 1 : 0, isApproved ? 0 : 1),
            (await admin.EventsAsync(organization, "approval.approved"), await admin.EventsAsync(organization, "approval.denied"))
        );
    }

    [Theory, BothEngines]
    public async Task What_breaks_a_policy_by_now_is_not_approved_and_can_be_denied(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var made = await admin.PendingKeyAsync(organization);
        await admin.SetPolicyAsync(organization, PolicyCalls.LifeOfAll(3600)).Expect(200);
        await admin.ApproveAsync(made).ExpectViolationAsync("max_lifetimes", organization);
        await admin.SetPolicyAsync(organization, new { max_lifetimes = (object?)null, forbidden_kinds = new[] { "api_key" } }).Expect(200);
        await admin.ApproveAsync(made).ExpectViolationAsync("forbidden_kinds", organization);
        Assert.Equal("not_yet_valid", await admin.CodeAsync(made.Text("token")));
        await admin.DenyAsync(made).Expect(200);
    }

    [Theory, BothEngines]
    public async Task Who_could_not_make_it_any_more_gets_nothing_approved(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        await admin.SetPolicyAsync(organization, ApprovalCalls.Demand("api_key")).Expect(200);
        var application = await admin.ApplicationOfAsync(organization);
        var approver = (await admin.AdministratorAsync(organization)).Client;
        foreach (var end in new[] { "leave", "lose", "disable", "delete" })
        {
            var developer = await admin.DeveloperAsync(organization);
            var made = await developer.Client.KeyAsync(application.Id).Expect(201);
            await (
                end switch
                {
                    "leave" => admin.RemoveAsync(organization, developer.Id).Expect(200),
                    "lose" => admin.ReplaceAsync(organization, developer.Id, OrganizationCalls.OrganizationMember).Expect(200),
                    "disable" => admin.PostAsync($"/v1/users/{developer.Id}/disable").Expect(200),
                    _ => admin.DeleteAsync($"/v1/users/{developer.Id}").Expect(204),
                }
            );
            foreach (var client in new[] { admin, approver })
                await client.ApproveAsync(made).Expect(409, "requester_without_right");
            Assert.Equal("not_yet_valid", await admin.CodeAsync(made.Text("token")));
            await approver.DenyAsync(made).Expect(200);
        }
    }

    [Theory, BothEngines]
    public async Task An_approver_gives_no_more_than_they_have_and_an_owner_gets_no_more_than_theirs(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var api = await admin.CreateApiAsync(["invoices:read"]);
        var role = await admin.CreateRoleAsync([At(api.Identifier, "invoices:read")]);
        await admin.SetPolicyAsync(organization, ApprovalCalls.Demand("personal_access_token")).Expect(200);
        var member = await admin.MemberAsync(
            organization,
            [OrganizationCalls.OrganizationMember, role.Id],
            At(Management, "tokens:own"),
            At(api.Identifier, "invoices:read")
        );
        var weak = (await admin.AdministratorAsync(organization)).Client;
        var strong = (
            await admin.MemberAsync(
                organization,
                [OrganizationCalls.OrganizationAdministrator, role.Id],
                At(Management, OrganizationCalls.AllScopes),
                At(api.Identifier, "invoices:read")
            )
        ).Client;
        var (one, two) = (await AskAsync(), await AskAsync());
        await weak.ApproveAsync(one).Expect(403, "exceeds_own_rights");
        await strong.ApproveAsync(one).Expect(200);
        Assert.Equal("valid", await admin.CodeAsync(one.Text("token"), api.Identifier, ["invoices:read"]));

        await admin.ReplaceAsync(organization, member.Id, OrganizationCalls.OrganizationMember).Expect(200);
        await admin.ApproveAsync(two).Expect(403, "exceeds_owner_rights");
        await weak.DenyAsync(two).Expect(200);

        Task<ApiResponse> AskAsync() =>
            member
                .Client.PostAsync(
                    "/v1/me/tokens",
                    new
                    {
                        name = "t",
                        justification = ApprovalCalls.Why,
                        expires_at = In(600),
                        permissions = new[] { At(api.Identifier, "invoices:read") },
                    }
                )
                .Expect(201);
    }

    /// <summary>Approved against lost: whichever commits first, a member who left holds nothing that works in the organization.</summary>
    [Theory, BothEngines]
    public async Task A_requester_who_leaves_meanwhile_gets_nothing_after_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        await admin.SetPolicyAsync(organization, ApprovalCalls.Demand("api_key")).Expect(200);
        var application = await admin.ApplicationOfAsync(organization);
        for (var round = 0; round < 6; round++)
        {
            var developer = await admin.DeveloperAsync(organization);
            var made = await developer.Client.KeyAsync(application.Id).Expect(201);
            var approval = admin.ApproveAsync(made);
            var leaving = admin.RemoveAsync(organization, developer.Id);
            await Task.WhenAll(approval, leaving);
            (await leaving).Expect(200);
            var answer = await approval;
            Assert.True(answer.Status is 200 or 409, answer.Body);
            if (answer.Status == 200)
            {
                var approved = await SequenceAsync("approval.approved", made.Text("id"));
                Assert.True(approved < await SequenceAsync("organization.member_removed", organization), "approved after they had left");
            }
        }

        async Task<long> SequenceAsync(string action, string target) =>
            (await admin.GetAsync($"/v1/audit?action={action}&organization={organization}&limit=200").Expect(200))
                .Json.GetProperty("items")
                .EnumerateArray()
                .Where(row => action != "approval.approved" || row.GetProperty("target").GetProperty("id").GetString() == target)
                .Select(row => row.GetProperty("seq").GetInt64())
                .First();
    }
}
