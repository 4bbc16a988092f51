using static Tokenry.Server.Tests.Features.Organizations.OrganizationCalls;

namespace Tokenry.Server.Tests.Features.Organizations;

using Tokenry.Server.Tests.Core.Access;

public sealed class LastOrganizationAdministratorTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task The_last_administrator_is_not_removed_demoted_disabled_or_deleted(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var last = await admin.AdministratorAsync(id);
        // An application does not count: its secrets can be lost. Nor does a disabled user.
        await admin.JoinAsync(id, (await admin.ApplicationOfAsync(id)).Id, OrganizationAdministrator).Expect(200);
        var disabled = await admin.PersonAsync();
        await admin.JoinAsync(id, disabled.Id, OrganizationAdministrator).Expect(200);
        await admin.PostAsync($"/v1/users/{disabled.Id}/disable").Expect(200);
        foreach (var caller in new[] { admin, last.Client })
        {
            Told(id, await caller.RemoveAsync(id, last.Id));
            Told(id, await caller.ReplaceAsync(id, last.Id, OrganizationMember));
        }

        Told(id, await admin.PostAsync($"/v1/users/{last.Id}/disable"));
        Told(id, await admin.DeleteAsync($"/v1/users/{last.Id}"));
        await admin.ReplaceAsync(id, last.Id, OrganizationAdministrator, OrganizationMember).Expect(200);

        var next = await admin.AdministratorAsync(id);
        await last.Client.RemoveAsync(id, last.Id).Expect(200);
        Told(id, await admin.RemoveAsync(id, next.Id));
        await admin.PostAsync($"/v1/organizations/{id}/disable").Expect(200);
        await admin.RemoveAsync(id, next.Id).Expect(200);
    }

    [Theory, BothEngines]
    public async Task Of_two_administrators_who_leave_at_once_one_stays(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        for (var round = 0; round < 5; round++)
        {
            var id = await admin.OrganizationAsync();
            var two = new[] { await admin.PersonAsync(), await admin.PersonAsync() };
            foreach (var user in two)
                await admin.JoinAsync(id, user.Id, OrganizationAdministrator).Expect(200);
            var answers = await Task.WhenAll(admin.RemoveAsync(id, two[0].Id), admin.PostAsync($"/v1/users/{two[1].Id}/disable"));
            Assert.Equal([200, 409], answers.Select(answer => answer.Status).Order());
        }
    }

    private static void Told(string organization, ApiResponse refusal)
    {
        refusal.Expect(409, "last_administrator");
        Assert.Contains(organization, refusal.Text("detail"), StringComparison.Ordinal);
        Assert.Contains("first", refusal.Text("detail"), StringComparison.Ordinal);
    }
}
