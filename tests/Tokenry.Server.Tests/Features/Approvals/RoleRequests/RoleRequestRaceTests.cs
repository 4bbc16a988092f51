using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Organizations;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Approvals.RoleRequests;

/// <summary>A decision about a role is judged at its commit, and made once.</summary>
public sealed class RoleRequestRaceTests(SharedServers servers)
{
    [Theory, BothEngines(true), BothEngines(false)]
    public async Task Of_two_who_decide_one_wins_and_the_other_learns_by_whom(Engine engine, bool inOrganization)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = inOrganization ? await admin.OrganizationAsync() : null;
        var role = await admin.RequestableRoleAsync();
        var deciders = new[] { await DeciderAsync(), await DeciderAsync() };
        for (var round = 0; round < 8; round++)
        {
            var asker = await admin.AskerAsync();
            if (organization is not null)
                await admin.JoinAsync(organization, asker.Id, OrganizationCalls.OrganizationMember).Expect(200);
            var asked = await asker.Client.AskForRoleAsync(role.Id, organization).Expect(201);
            var answers = await Task.WhenAll(
                deciders.Select(
                    (decider, i) => i == round % 2 ? decider.Client.ApproveRoleAsync(asked) : decider.Client.DenyRoleAsync(asked)
                )
            );
            var won = Assert.Single(answers, answer => answer.Status == 200);
            var lost = Assert.Single(answers.Except([won])).Expect(409, "approval_decided");
            Assert.StartsWith(won.Text("decided_by"), lost.Text("detail"), StringComparison.Ordinal);
            var held = organization is null ? await admin.RolesOfAsync(asker.Id) : await admin.RolesThereAsync(organization, asker.Id);
            Assert.Equal(won.Text("state") == "approved", held.Contains(role.Id));
        }

        Task<Person> DeciderAsync() => organization is null ? admin.CallerAsync("users:write") : admin.AdministratorAsync(organization);
    }

    [Theory, BothEngines]
    public async Task The_same_request_at_once_is_made_once(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var asker = await admin.AskerAsync();
        var role = await admin.RequestableRoleAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => asker.Client.AskForRoleAsync(role.Id)));
        var made = Assert.Single(answers, answer => answer.Status == 201);
        Assert.All(answers.Except([made]), answer => answer.Expect(409, "already_exists"));
    }

    [Theory, BothEngines]
    public async Task What_changed_since_the_request_is_not_given_and_can_be_denied(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        await admin.AdministratorAsync(organization);
        foreach (var change in new[] { "role deleted", "role renamed", "organization disabled", "membership ended" })
        {
            var asker = await admin.AskerAsync();
            await admin.JoinAsync(organization, asker.Id, OrganizationCalls.OrganizationMember).Expect(200);
            var role = await admin.RequestableRoleAsync();
            var asked = await asker.Client.AskForRoleAsync(role.Id, organization).Expect(201);
            await (
                change switch
                {
                    "role deleted" => admin.DeleteAsync($"/v1/roles/{role.Id}").Expect(204),
                    "role renamed" => admin
                        .PatchAsync($"/v1/roles/{role.Id}", new { name = CreateRequests.Unique("everything") })
                        .Expect(200),
                    "organization disabled" => admin.PostAsync($"/v1/organizations/{organization}/disable").Expect(200),
                    _ => admin.RemoveAsync(organization, asker.Id).Expect(200),
                }
            );
            await admin.ApproveRoleAsync(asked).Expect(409, "role_request_outdated");
            if (change == "organization disabled")
            {
                await asker
                    .Client.AskForRoleAsync(OrganizationCalls.OrganizationDeveloper, organization)
                    .ExpectFaultAsync("organization_id");
                await admin.PostAsync($"/v1/organizations/{organization}/enable").Expect(200);
            }

            Assert.Equal("pending", (await admin.GetAsync($"/v1/approvals/{asked.Text("id")}").Expect(200)).Text("state"));
            await admin.DenyRoleAsync(asked).Expect(200);
        }
    }

    [Theory, BothEngines]
    public async Task A_deleted_user_and_a_deleted_organization_leave_no_request(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var (asker, leaver) = (await admin.AskerAsync(), await admin.AskerAsync());
        await admin.JoinAsync(organization, leaver.Id, OrganizationCalls.OrganizationMember).Expect(200);
        var role = await admin.RequestableRoleAsync();
        var (one, two) = (
            await asker.Client.AskForRoleAsync(role.Id).Expect(201),
            await leaver.Client.AskForRoleAsync(role.Id, organization).Expect(201)
        );
        await admin.DeleteAsync($"/v1/users/{asker.Id}").Expect(204);
        await admin.RemoveAsync(organization, leaver.Id).Expect(200);
        await admin.DeleteAsync($"/v1/organizations/{organization}").Expect(204);
        foreach (var gone in new[] { one, two })
        {
            await admin.GetAsync($"/v1/approvals/{gone.Text("id")}").Expect(404);
            await admin.ApproveRoleAsync(gone).Expect(404);
        }
    }

    /// <summary>Whichever commits first: a member who left has no role there.</summary>
    [Theory, BothEngines]
    public async Task A_member_who_leaves_meanwhile_has_no_role_afterwards(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var role = await admin.RequestableRoleAsync();
        for (var round = 0; round < 6; round++)
        {
            var asker = await admin.AskerAsync();
            await admin.JoinAsync(organization, asker.Id, OrganizationCalls.OrganizationMember).Expect(200);
            var asked = await asker.Client.AskForRoleAsync(role.Id, organization).Expect(201);
            var answers = await Task.WhenAll(admin.ApproveRoleAsync(asked), admin.RemoveAsync(organization, asker.Id));
            Assert.True(answers[0].Status is 200 or 409, answers[0].Body);
            answers[1].Expect(200);
            await admin.GetAsync($"/v1/organizations/{organization}/members/{asker.Id}").Expect(404);
        }
    }
}
