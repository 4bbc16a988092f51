using Tokenry.Server.Tests.Contracts;
using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Notices;
using Tokenry.Server.Tests.Features.Organizations;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Approvals.RoleRequests;

/// <summary>A user asks for a role, and those who may give it decide.</summary>
public sealed class RoleRequestsTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_user_asks_for_a_role_and_has_it_once_another_approves(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["invoices:read"]);
        var role = await admin.RequestableRoleAsync(At(api.Identifier, "invoices:read"));
        var asker = await admin.AskerAsync();
        var asked = await asker.Client.AskForRoleAsync(role.Id).Expect(201);
        Assert.Equal($"{RoleRequestCalls.Path}/{asked.Text("id")}", asked.Header("Location"));
        Assert.Equal(
            ("pending", "server", RoleRequestCalls.Why, asker.Id, role.Id),
            (asked.Text("state"), asked.Text("demanded_by"), asked.Text("justification"), asked.Text("requested_by"), asked.Text("role.id"))
        );
        Assert.Empty(await admin.RolesOfAsync(asker.Id));
        Assert.False(asked.Json.TryGetProperty("credential", out _));

        var giver = await admin.CallerAsync("users:write", "users:read");
        Assert.Contains(
            asked.Text("id"),
            OrganizationCalls.Ids(await giver.Client.GetAsync("/v1/approvals?state=pending&kind=role&limit=200"))
        );
        var approved = await giver.Client.ApproveRoleAsync(asked, "until June").Expect(200);
        Assert.Equal(("approved", giver.Id, "until June"), (approved.Text("state"), approved.Text("decided_by"), approved.Text("message")));
        Assert.Equal([role.Id], await admin.RolesOfAsync(asker.Id));

        // What the ordinary operation writes, and the approval beside it.
        var events = await admin.EventsOfAsync(approved);
        Assert.Equal(["role_request.approved", "user.updated"], events.Keys.Order());
        Assert.Equal("until June", events["role_request.approved"].GetProperty("reason").GetString());
        Assert.Equal(asked.Text("id"), events["role_request.approved"].GetProperty("target").GetProperty("id").GetString());
        Assert.Equal(asker.Id, events["user.updated"].GetProperty("target").GetProperty("id").GetString());
        Assert.Equal("roles", events["user.updated"].GetProperty("changes")[0].GetProperty("member").GetString());
        var made = (await admin.EventsOfAsync(asked))["role_request.created"];
        Assert.Equal((asker.Id, RoleRequestCalls.Why), (made.GetProperty("actor").GetString(), made.GetProperty("reason").GetString()));

        var own = (await asker.Client.GetAsync(RoleRequestCalls.Path).Expect(200)).Json.GetProperty("items")[0];
        Assert.Equal(("approved", "until June"), (own.GetProperty("state").GetString(), own.GetProperty("message").GetString()));
        var told = Assert.Single(await NoticesTests.ToldAsync(asker.Client, 1));
        Assert.Equal(
            ("approved", "role_request", asked.Text("id"), "until June"),
            (
                told.GetProperty("kind").GetString(),
                told.GetProperty("target_type").GetString(),
                told.GetProperty("target_id").GetString(),
                told.GetProperty("reason").GetString()
            )
        );
        await asker.Client.AskForRoleAsync(role.Id).ExpectFaultAsync("role");
    }

    [Theory, BothEngines]
    public async Task A_denial_gives_nothing_and_a_withdrawal_ends_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var role = await admin.RequestableRoleAsync();
        var asker = await admin.AskerAsync();
        var asked = await asker.Client.AskForRoleAsync(role.Id).Expect(201);
        await admin.DenyRoleAsync(asked, "ask your team").Expect(200);
        await asker.Client.DeleteAsync($"{RoleRequestCalls.Path}/{asked.Text("id")}").Expect(409, "approval_decided");
        var told = Assert.Single(await NoticesTests.ToldAsync(asker.Client, 1));
        Assert.Equal(("denied", "ask your team"), (told.GetProperty("kind").GetString(), told.GetProperty("reason").GetString()));

        var again = await asker.Client.AskForRoleAsync(role.Id).Expect(201);
        var path = $"{RoleRequestCalls.Path}/{again.Text("id")}";
        await asker.Client.DeleteAsync(path).Expect(204);
        await asker.Client.DeleteAsync(path).Expect(204);
        Assert.Equal("withdrawn", (await asker.Client.GetAsync(path).Expect(200)).Text("state"));
        await admin.ApproveRoleAsync(again).Expect(409, "approval_decided");
        await admin.DenyRoleAsync(again).Expect(409, "approval_decided");
        Assert.Empty(await admin.RolesOfAsync(asker.Id));

        // Of another user it is as if it were not there.
        var stranger = await admin.AskerAsync();
        await stranger.Client.GetAsync(path).Expect(404);
        await stranger.Client.DeleteAsync(path).Expect(404);
    }

    [Theory, BothEngines]
    public async Task A_member_asks_in_the_organization_and_its_administrator_decides(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var (one, other) = (await admin.OrganizationAsync(), await admin.OrganizationAsync());
        var asker = await admin.AskerAsync();
        await admin.JoinAsync(one, asker.Id, OrganizationCalls.OrganizationMember).Expect(200);
        var asked = await asker.Client.AskForRoleAsync(OrganizationCalls.OrganizationDeveloper, one).Expect(201);
        Assert.Equal((one, one), (asked.Text("demanded_by"), asked.Text("role.organization_id")));

        // Another organization neither sees nor decides.
        var stranger = (await admin.AdministratorAsync(other)).Client;
        var path = $"/v1/approvals/{asked.Text("id")}";
        await stranger.GetAsync(path).Expect(404, "not_found");
        await stranger.ApproveRoleAsync(asked).Expect(404, "not_found");
        await stranger.DenyRoleAsync(asked).Expect(404, "not_found");
        Assert.Empty(OrganizationCalls.Ids(await stranger.GetAsync($"/v1/approvals?organization={one}")));

        // Who reads approvals there and changes no members sees it, and gives no role.
        var reader = (
            await admin.MemberAsync(
                one,
                [OrganizationCalls.OrganizationAdministrator],
                At(Management, "organization:read", "organization:approvals")
            )
        ).Client;
        await reader.GetAsync(path).Expect(200);
        await reader.ApproveRoleAsync(asked).Expect(403, "insufficient_scope");

        var there = (await admin.AdministratorAsync(one)).Client;
        Assert.Equal([asked.Text("id")], OrganizationCalls.Ids(await there.GetAsync("/v1/approvals?state=pending")));
        var approved = await there.ApproveRoleAsync(asked).Expect(200);
        Assert.Equal(
            [OrganizationCalls.OrganizationDeveloper, OrganizationCalls.OrganizationMember],
            await admin.RolesThereAsync(one, asker.Id)
        );
        Assert.Equal(["organization.member_added", "role_request.approved"], (await admin.EventsOfAsync(approved)).Keys.Order());
        Assert.Equal(1, await admin.EventsAsync(one, "role_request.approved"));
        Assert.Equal(0, await admin.EventsAsync(other, "role_request.approved"));
    }

    [Theory, BothEngines]
    public async Task A_credential_asks_only_where_it_acts(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var (one, other, foreign) = (await admin.OrganizationAsync(), await admin.OrganizationAsync(), await admin.OrganizationAsync());
        var role = await admin.RequestableRoleAsync();
        var member = await admin.MemberAsync(one, [OrganizationCalls.OrganizationMember], At(Management, "tokens:own"));
        await admin.JoinAsync(other, member.Id, OrganizationCalls.OrganizationMember).Expect(200);
        await member.Client.AskForRoleAsync(role.Id, other).ExpectFaultAsync("organization_id");
        await member.Client.AskForRoleAsync(role.Id, foreign).ExpectFaultAsync("organization_id");
        await member.Client.AskForRoleAsync(role.Id, Call.UnknownId("org")).ExpectFaultAsync("organization_id");
        await member.Client.AskForRoleAsync(Developer).ExpectFaultAsync("role"); // of the whole server
        Assert.Equal(one, (await member.Client.AskForRoleAsync(role.Id).Expect(201)).Text("role.organization_id"));
        Assert.All(Offered(await member.Client.GetAsync("/v1/me/requestable-roles")), offer => Assert.Equal(one, offer.Place));

        var everywhere = admin.With(
            (await admin.CreatePersonalAccessTokenAsync(member.Id, new { permissions = new[] { At(Management, "tokens:own") } })).Secret
        );
        Assert.Equal(
            new string?[] { null, one, other }.Order(),
            Offered(await everywhere.GetAsync("/v1/me/requestable-roles")).Select(offer => offer.Place).Distinct().Order()
        );
        var elsewhere = await everywhere.AskForRoleAsync(role.Id, other).Expect(201);
        var server = await everywhere.AskForRoleAsync(role.Id).Expect(201);
        Assert.Equal(3, (await everywhere.GetAsync(RoleRequestCalls.Path).Expect(200)).Json.GetProperty("items").GetArrayLength());
        Assert.Equal(1, (await member.Client.GetAsync(RoleRequestCalls.Path).Expect(200)).Json.GetProperty("items").GetArrayLength());
        foreach (var asked in new[] { elsewhere, server })
        {
            await member.Client.GetAsync($"{RoleRequestCalls.Path}/{asked.Text("id")}").Expect(404);
            await member.Client.DeleteAsync($"{RoleRequestCalls.Path}/{asked.Text("id")}").Expect(404);
        }
    }

    [Theory, BothEngines]
    public async Task Only_marked_roles_are_offered_and_others_are_as_if_they_did_not_exist(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var (open, closed) = (await admin.RequestableRoleAsync(), await admin.CreateRoleAsync([]));
        var asker = await admin.AskerAsync();
        var offered = Offered(await asker.Client.GetAsync("/v1/me/requestable-roles")).Select(offer => offer.Id).ToList();
        Assert.Contains(open.Id, offered);
        Assert.Contains(Auditor, offered);
        Assert.DoesNotContain(closed.Id, offered);
        Assert.DoesNotContain(Member, offered);
        Assert.DoesNotContain(OrganizationCalls.OrganizationMember, offered);
        var unknown = await asker.Client.AskForRoleAsync(Call.UnknownId("rol")).Expect(400);
        var hidden = await asker.Client.AskForRoleAsync(closed.Id).Expect(400);
        Assert.Equal(Shown(unknown, Call.UnknownId("rol")), Shown(hidden, closed.Id));

        await admin.PatchAsync($"/v1/roles/{closed.Id}", new { requestable = true }).Expect(200);
        await asker.Client.AskForRoleAsync(closed.Id).Expect(201);
        await admin.PatchAsync($"/v1/roles/{closed.Id}", new { name = CreateRequests.Unique("still") }).Expect(200);
        Assert.True((await admin.GetAsync($"/v1/roles/{closed.Id}").Expect(200)).Json.GetProperty("requestable").GetBoolean());

        static string Shown(ApiResponse answer, string id) =>
            answer
                .Body.Replace(id, "rol_…", StringComparison.Ordinal)
                .Replace(answer.Header("X-Request-Id")!, "", StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task A_request_says_why_is_made_once_and_twenty_wait_at_most(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var asker = await admin.AskerAsync();
        var role = await admin.RequestableRoleAsync();
        foreach (var why in new[] { null, "", " ", new string('x', 501), "a\u202eb" })
            await asker.Client.AskForRoleAsync(role.Id, why: why).ExpectFaultAsync("justification");
        var asked = await asker.Client.AskForRoleAsync(role.Id, why: new string('x', 500)).Expect(201);
        var twice = await asker.Client.AskForRoleAsync(role.Id).Expect(409, "already_exists");
        Assert.Contains(asked.Text("id"), twice.Text("detail"), StringComparison.Ordinal);
        for (var number = 1; number < 20; number++)
            await asker.Client.AskForRoleAsync((await admin.RequestableRoleAsync()).Id).Expect(201);
        var last = (await admin.RequestableRoleAsync()).Id;
        await asker.Client.AskForRoleAsync(last).Expect(409, "limit_reached");
        await admin.DenyRoleAsync(asked).Expect(200);
        await asker.Client.AskForRoleAsync(last).Expect(201);

        // An application is given roles by those who look after it.
        var key = await admin.CreateApplicationAsync([], new { permissions = new[] { At(Management, "tokens:own") } });
        var application = admin.With(
            (await admin.CreateApiKeyAsync(key.Id, new { permissions = new[] { At(Management, "tokens:own") } })).Secret
        );
        await application.AskForRoleAsync(role.Id).Expect(404);
        await application.GetAsync("/v1/me/requestable-roles").Expect(404);
    }

    [Theory, BothEngines]
    public async Task A_user_never_decides_their_own_not_even_after_a_rise_or_through_an_application(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var climber = await admin.AskerAsync();
        await admin.JoinAsync(organization, climber.Id, OrganizationCalls.OrganizationMember).Expect(200);
        var role = await admin.RequestableRoleAsync();
        var (everywhere, there) = (
            await climber.Client.AskForRoleAsync(role.Id).Expect(201),
            await climber.Client.AskForRoleAsync(role.Id, organization).Expect(201)
        );
        await admin.PatchAsync($"/v1/users/{climber.Id}", new { roles = new[] { Administrator } }).Expect(200);
        var risen = await admin.CreatePersonalAccessTokenAsync(
            climber.Id,
            new
            {
                permissions = new[]
                {
                    At(Management, "users:write", "organizations:write", "approvals:read", "applications:own", "tokens:own"),
                },
            }
        );
        var client = admin.With(risen.Secret);
        var application = await client.CreateApplicationAsync(
            [],
            new { permissions = new[] { At(Management, "users:write", "organizations:write") } }
        );
        var key = await client.CreateApiKeyAsync(
            application.Id,
            new { permissions = new[] { At(Management, "users:write", "organizations:write") } }
        );
        foreach (var own in new[] { client, admin.With(key.Secret) })
        {
            foreach (var asked in new[] { everywhere, there })
            {
                await own.ApproveRoleAsync(asked).Expect(403, "approval_not_yours");
                await own.DenyRoleAsync(asked).Expect(403, "approval_not_yours");
            }
        }

        await admin.ApproveRoleAsync(everywhere).Expect(200);
        await admin.ApproveRoleAsync(there).Expect(200);
    }

    [Theory, BothEngines]
    public async Task An_approver_gives_no_more_than_by_the_ordinary_operation(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["invoices:read"]);
        var organization = await admin.OrganizationAsync();
        var (signing, reading) = (
            await admin.RequestableRoleAsync(At(Management, "signing-keys:read")),
            await admin.RequestableRoleAsync(At(api.Identifier, "invoices:read"))
        );
        var asker = await admin.AskerAsync();
        await admin.JoinAsync(organization, asker.Id, OrganizationCalls.OrganizationMember).Expect(200);

        var giver = await admin.CallerAsync("users:write");
        var everywhere = await asker.Client.AskForRoleAsync(signing.Id).Expect(201);
        await giver.Client.PatchAsync($"/v1/users/{asker.Id}", new { roles = new[] { signing.Id } }).Expect(403, "exceeds_own_rights");
        await giver.Client.ApproveRoleAsync(everywhere).Expect(403, "exceeds_own_rights");
        await (await admin.CallerAsync("approvals:read", "approvals:write"))
            .Client.ApproveRoleAsync(everywhere)
            .Expect(403, "insufficient_scope");

        var weak = (await admin.AdministratorAsync(organization)).Client;
        var strong = (
            await admin.MemberAsync(
                organization,
                [OrganizationCalls.OrganizationAdministrator, reading.Id],
                At(Management, OrganizationCalls.AllScopes),
                At(api.Identifier, "invoices:read")
            )
        ).Client;
        var there = await asker.Client.AskForRoleAsync(reading.Id, organization).Expect(201);
        await weak.ApproveRoleAsync(there).Expect(403, "exceeds_own_rights");
        await strong.ApproveRoleAsync(there).Expect(200);
        Assert.Empty(await admin.RolesOfAsync(asker.Id));

        // To deny needs only the right to give roles there.
        await giver.Client.DenyRoleAsync(everywhere).Expect(200);
    }

    [Theory, BothEngines]
    public async Task A_dry_run_of_an_approval_counts_the_credentials_that_gain(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["invoices:read"]);
        var role = await admin.RequestableRoleAsync(At(api.Identifier, "invoices:read"));
        var asker = await admin.AskerAsync();
        await admin.CreatePersonalAccessTokenAsync(asker.Id, new { permissions = "owner" });
        var asked = await asker.Client.AskForRoleAsync(role.Id).Expect(201);
        var approve = $"/v1/approvals/{asked.Text("id")}/approve";
        var effect = await admin.PostAsync($"{approve}?dry_run=true", new { }).Expect(200);
        Assert.Equal(1, effect.Json.GetProperty("gains").GetProperty("count").GetInt64());
        var wrong = new Dictionary<string, string> { ["Tokenry-Expect-Gains"] = "0" };
        (await admin.SendAsync(HttpMethod.Post, approve, new { }, wrong)).Expect(409, "gains_differ");
        Assert.Empty(await admin.RolesOfAsync(asker.Id));
        Assert.Equal("pending", (await admin.GetAsync($"/v1/approvals/{asked.Text("id")}").Expect(200)).Text("state"));
        (
            await admin.SendAsync(HttpMethod.Post, approve, new { }, new Dictionary<string, string> { ["Tokenry-Expect-Gains"] = "1" })
        ).Expect(200);
        Assert.Equal([role.Id], await admin.RolesOfAsync(asker.Id));
    }

    [Theory, BothEngines]
    public async Task Who_gives_no_roles_sees_no_requests_and_who_gives_some_sees_those(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var asker = await admin.AskerAsync();
        await admin.JoinAsync(organization, asker.Id, OrganizationCalls.OrganizationMember).Expect(200);
        var role = await admin.RequestableRoleAsync();
        var (everywhere, there) = (
            await asker.Client.AskForRoleAsync(role.Id).Expect(201),
            await asker.Client.AskForRoleAsync(role.Id, organization).Expect(201)
        );
        var credential = await admin.PendingKeyAsync(organization);
        await asker.Client.GetAsync("/v1/approvals").Expect(403, "insufficient_scope");
        foreach (
            var (scope, sees) in new (string, bool[])[]
            {
                ("users:write", [true, false, false]),
                ("organizations:write", [false, true, false]),
                ("approvals:read", [true, true, true]),
            }
        )
        {
            var client = (await admin.CallerAsync(scope)).Client;
            foreach (var (id, seen) in new[] { everywhere.Text("id"), there.Text("id"), credential.Text("approval.id") }.Zip(sees))
                await client.GetAsync($"/v1/approvals/{id}").Expect(seen ? 200 : 404);
        }

        var given = (await admin.AdministratorAsync(organization)).Client;
        Assert.Equal(
            [there.Text("id"), credential.Text("approval.id")],
            OrganizationCalls.Ids(await given.GetAsync("/v1/approvals?state=pending"))
        );
        // One page after the other, over both kinds.
        var first = await given.GetAsync("/v1/approvals?limit=1").Expect(200);
        var second = await given.GetAsync($"/v1/approvals?limit=1&cursor={first.Text("next_cursor")}").Expect(200);
        Assert.Equal(
            [there.Text("id"), credential.Text("approval.id")],
            [.. OrganizationCalls.Ids(first), .. OrganizationCalls.Ids(second)]
        );
    }

    private static List<(string Id, string? Place)> Offered(ApiResponse answer) =>
        [
            .. answer
                .Expect(200)
                .Json.GetProperty("items")
                .EnumerateArray()
                .Select(offer => (offer.GetProperty("id").GetString()!, offer.GetProperty("organization_id").GetString())),
        ];
}
