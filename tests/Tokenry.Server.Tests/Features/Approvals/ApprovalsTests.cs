using Tokenry.Server.Tests.Contracts;
using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Notices;
using Tokenry.Server.Tests.Features.Organizations;
using Tokenry.Server.Tests.Features.Policies;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Approvals;

/// <summary>Approvals that policies demand: who asks, who decides, and what a credential may do meanwhile.</summary>
public sealed class ApprovalsTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_token_waits_is_approved_and_works(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        await admin.SetPolicyAsync(organization, ApprovalCalls.Demand("personal_access_token")).Expect(200);
        var member = await MemberAsync(admin, organization);
        var approver = await admin.AdministratorAsync(organization);
        var effective = (await member.Client.GetAsync("/v1/me/policy").Expect(200)).Json.GetProperty("approval_required");
        AssertJson($$"""[{"kind":"personal_access_token","within_role":null,"within_days":null,"owner":"{{organization}}"}]""", effective);

        foreach (var silent in new[] { null, "", "  " })
        {
            var refused = await TokenAsync(member.Client, silent).ExpectViolationAsync("approval_required", organization);
            Assert.True(refused.Json.GetProperty("errors").TryGetProperty("justification", out _), refused.Body);
        }

        await TokenAsync(member.Client, new string('x', 501)).ExpectFaultAsync("justification");
        var made = await TokenAsync(member.Client, ApprovalCalls.Why).Expect(201);
        Assert.Equal(
            ("pending_approval", "pending", ApprovalCalls.Why, organization),
            (made.Text("state"), made.Text("approval.state"), made.Text("approval.justification"), made.Text("approval.demanded_by"))
        );
        Assert.Equal("not_yet_valid", await admin.CodeAsync(made.Text("token")));
        await admin.With(made.Text("token")).GetAsync("/v1/me").Expect(401);
        var listed = await approver.Client.GetAsync("/v1/approvals?state=pending&kind=personal_access_token").Expect(200);
        Assert.Equal([made.Text("approval.id")], OrganizationCalls.Ids(listed));
        Assert.Equal([made.Text("id")], OrganizationCalls.Ids(await member.Client.GetAsync("/v1/me/tokens?state=pending_approval")));
        Assert.DoesNotContain(
            made.Text("id"),
            (await member.Client.GetAsync("/v1/me/tokens?state=disabled").Expect(200)).Body,
            StringComparison.Ordinal
        );

        var shown = await approver.Client.GetAsync($"/v1/approvals/{made.Text("approval.id")}").Expect(200);
        Assert.Equal((member.Id, made.Text("id")), (shown.Text("requested_by"), shown.Text("credential.id")));
        Assert.False(shown.Json.GetProperty("credential").TryGetProperty("token", out _));
        var approved = await approver.Client.ApproveAsync(made, "for this quarter").Expect(200);
        Assert.Equal(
            ("approved", approver.Id, "for this quarter", "active"),
            (approved.Text("state"), approved.Text("decided_by"), approved.Text("message"), approved.Text("credential.state"))
        );
        Assert.Equal("valid", await admin.CodeAsync(made.Text("token")));
        await approver.Client.ApproveAsync(made).Expect(409, "approval_decided");
        await approver.Client.DenyAsync(made).Expect(409, "approval_decided");

        var entry = (await admin.GetAsync($"/v1/audit?organization={organization}&action=approval.approved").Expect(200)).Json.GetProperty(
            "items"
        )[0];
        Assert.Equal(
            (approver.Id, made.Text("id"), "for this quarter"),
            (
                entry.GetProperty("actor").GetString(),
                entry.GetProperty("target").GetProperty("id").GetString(),
                entry.GetProperty("reason").GetString()
            )
        );
    }

    [Theory, BothEngines]
    public async Task What_is_denied_is_revoked_with_the_reason_and_its_maker_is_told(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        await admin.SetPolicyAsync(organization, ApprovalCalls.Demand("api_key")).Expect(200);
        var application = await admin.ApplicationOfAsync(organization);
        var developer = await admin.DeveloperAsync(organization);
        var reader = admin.With((await admin.CreatePersonalAccessTokenAsync(developer.Id, NoticesTests.Own)).Secret);
        var approver = (await admin.AdministratorAsync(organization)).Client;
        var (good, bad) = (
            await developer.Client.KeyAsync(application.Id).Expect(201),
            await developer.Client.KeyAsync(application.Id).Expect(201)
        );
        await approver.ApproveAsync(good, "fine").Expect(200);
        await approver.DenyAsync(bad, "use the old one").Expect(200);

        var credential = await admin.GetAsync($"/v1/api-keys/{bad.Text("id")}").Expect(200);
        Assert.Equal(
            ("revoked", "approval denied: use the old one", "denied"),
            (credential.Text("state"), credential.Text("revoked_reason"), credential.Text("approval.state"))
        );
        Assert.Equal("revoked", await admin.CodeAsync(bad.Text("token")));
        var told = await NoticesTests.ToldAsync(reader, 2);
        Assert.Equal(
            [("approved", "fine"), ("revoked", "approval denied: use the old one")],
            told.Select(notice => (notice.GetProperty("kind").GetString(), notice.GetProperty("reason").GetString())).Order()
        );
    }

    [Theory, BothEngines]
    public async Task What_waits_cannot_change_and_its_owner_takes_it_back(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var made = await admin.PendingKeyAsync(organization);
        var path = $"/v1/api-keys/{made.Text("id")}";
        await admin.PatchAsync(path, new { name = "other" }).Expect(409, "credential_not_active");
        await admin.PostAsync($"{path}/rotate", new { overlap_seconds = 60 }).Expect(409, "credential_not_active");
        await admin.PostAsync($"{path}/enable").Expect(409, "credential_not_active");
        await admin.PostAsync($"{path}/disable").Expect(409, "credential_not_active");
        await admin.DeleteAsync(path).Expect(204);
        Assert.Equal("withdrawn", (await admin.GetAsync($"/v1/approvals/{made.Text("approval.id")}").Expect(200)).Text("state"));
        var approver = (await admin.AdministratorAsync(organization)).Client;
        await approver.ApproveAsync(made).Expect(409, "approval_decided");
        await approver.DenyAsync(made).Expect(409, "approval_decided");
    }

    [Theory, BothEngines]
    public async Task Nothing_that_exists_changes_with_the_policy(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var application = await admin.ApplicationOfAsync(organization);
        var developer = (await admin.DeveloperAsync(organization)).Client;
        var before = await developer.KeyAsync(application.Id).Expect(201);
        Assert.False(before.Json.TryGetProperty("approval", out _));
        await admin.SetPolicyAsync(organization, ApprovalCalls.Demand()).Expect(200);
        Assert.Equal("valid", await admin.CodeAsync(before.Text("token")));
        var waiting = await developer.KeyAsync(application.Id).Expect(201);
        await admin.ClearPolicyAsync(organization);
        Assert.Equal("not_yet_valid", await admin.CodeAsync(waiting.Text("token")));
        await admin.ApproveAsync(waiting).Expect(200);
        Assert.Equal("valid", await admin.CodeAsync(waiting.Text("token")));
    }

    [Theory, BothEngines]
    public async Task Who_may_approve_gets_it_at_once_and_the_audit_says_so(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        await admin.SetPolicyAsync(organization, ApprovalCalls.Demand("api_key")).Expect(200);
        var application = await admin.ApplicationOfAsync(organization);
        foreach (var client in new[] { admin, (await admin.AdministratorAsync(organization)).Client })
        {
            var made = await client.KeyAsync(application.Id, why: null).Expect(201);
            Assert.Equal(("active", "approved"), (made.Text("state"), made.Text("approval.state")));
            Assert.Equal(made.Text("created_by"), made.Text("approval.decided_by"));
        }

        Assert.Equal(2, await admin.EventsAsync(organization, "approval.approved_at_once"));
    }

    [Theory, BothEngines]
    public async Task A_rule_approves_at_once_within_a_role_and_a_life(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var api = await admin.CreateApiAsync(["invoices:read", "invoices:write"]);
        var (reading, writing) = (
            await admin.CreateRoleAsync([At(api.Identifier, "invoices:read")]),
            await admin.CreateRoleAsync([At(api.Identifier, "invoices:read", "invoices:write")])
        );
        var member = await admin.MemberAsync(
            organization,
            [OrganizationCalls.OrganizationMember, writing.Id],
            At(Management, "tokens:own"),
            At(api.Identifier, "invoices:read", "invoices:write")
        );
        await admin.PatchAsync($"/v1/tokens/{member.Token.Id}", """{"expires_at":null}""").Expect(200);
        await admin
            .SetPolicyAsync(
                organization,
                new
                {
                    approval_required = new[]
                    {
                        new
                        {
                            kind = "personal_access_token",
                            within_role = reading.Id,
                            within_days = 2,
                        },
                    },
                }
            )
            .Expect(200);

        var atOnce = await CreateAsync(["invoices:read"], 86_400, why: null).Expect(201);
        Assert.Equal(("active", "approved"), (atOnce.Text("state"), atOnce.Text("approval.state")));
        await CreateAsync(["invoices:write"], 86_400, why: null).ExpectViolationAsync("approval_required", organization);
        await CreateAsync(["invoices:read"], 3 * 86_400, why: null).ExpectViolationAsync("approval_required", organization);
        Assert.Equal("pending_approval", (await CreateAsync(["invoices:write"], 86_400, ApprovalCalls.Why).Expect(201)).Text("state"));
        await member
            .Client.PostAsync(
                "/v1/me/tokens",
                new
                {
                    name = "t",
                    permissions = "owner",
                    expires_at = In(60),
                }
            )
            .Expect(403, "exceeds_own_rights");

        // A change within the rule is taken, one beyond it is not.
        var path = $"/v1/me/tokens/{atOnce.Text("id")}";
        await member.Client.PatchAsync(path, new { expires_at = In(1.5 * 86_400) }).Expect(200);
        await member.Client.PatchAsync(path, new { expires_at = In(30 * 86_400) }).ExpectViolationAsync("approval_required", organization);

        Task<ApiResponse> CreateAsync(string[] scopes, double seconds, string? why) =>
            member.Client.PostAsync(
                "/v1/me/tokens",
                new
                {
                    name = "t",
                    permissions = new[] { At(api.Identifier, scopes) },
                    expires_at = In(seconds),
                    justification = why,
                }
            );
    }

    [Theory, BothEngines]
    public async Task What_was_approved_gets_no_more_and_no_longer(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        await admin.SetPolicyAsync(organization, ApprovalCalls.Demand("api_key")).Expect(200);
        var application = await admin.ApplicationOfAsync(organization);
        var developer = (await admin.DeveloperAsync(organization)).Client;
        var made = await developer
            .PostAsync(
                $"/v1/applications/{application.Id}/api-keys",
                new
                {
                    name = "k",
                    justification = ApprovalCalls.Why,
                    expires_at = In(3600),
                    allowed_ips = new[] { "10.0.0.0/8" },
                }
            )
            .Expect(201);
        await admin.ApproveAsync(made).Expect(200);
        var path = $"/v1/api-keys/{made.Text("id")}";
        await developer.PatchAsync(path, new { name = "renamed" }).Expect(200);
        await developer.PatchAsync(path, new { allowed_ips = new[] { "10.1.0.0/16" } }).Expect(200);
        await developer.PatchAsync(path, new { expires_at = In(1800) }).Expect(200);
        await developer
            .PatchAsync(path, new { allowed_ips = new[] { "10.0.0.0/8" } })
            .ExpectViolationAsync("approval_required", organization);
        await developer.PatchAsync(path, """{"allowed_ips":null}""").ExpectViolationAsync("approval_required", organization);
        await developer.PatchAsync(path, new { expires_at = In(3500) }).ExpectViolationAsync("approval_required", organization);
        await developer
            .PostAsync($"{path}/rotate", new { overlap_seconds = 60, expires_at = In(7200) })
            .ExpectViolationAsync("approval_required", organization);
        await developer.PostAsync($"{path}/rotate", new { overlap_seconds = 60 }).Expect(200);
        await developer.PostAsync($"{path}/disable").Expect(200);
        await developer.PostAsync($"{path}/enable").Expect(200);

        // What was never approved sleeps on.
        await admin.ClearPolicyAsync(organization);
        var other = $"/v1/api-keys/{(await developer.KeyAsync(application.Id).Expect(201)).Text("id")}";
        await developer.PostAsync($"{other}/disable").Expect(200);
        await admin.SetPolicyAsync(organization, ApprovalCalls.Demand("api_key")).Expect(200);
        await developer.PostAsync($"{other}/enable").ExpectViolationAsync("approval_required", organization);
        await admin.PostAsync($"{other}/enable").Expect(200);
    }

    [Theory, BothEngines]
    public async Task An_application_whose_credential_the_requester_made_does_not_decide(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        await admin.SetPolicyAsync(organization, ApprovalCalls.Demand("api_key")).Expect(200);
        var requester = await admin.AdministratorAsync(organization);
        var theirs = await BotAsync(requester.Client);
        var others = await BotAsync((await admin.AdministratorAsync(organization)).Client);
        await admin.ReplaceAsync(organization, requester.Id, OrganizationCalls.OrganizationDeveloper).Expect(200);
        var asked = await requester.Client.KeyAsync((await admin.ApplicationOfAsync(organization)).Id).Expect(201);
        Assert.Equal("pending_approval", asked.Text("state"));

        await theirs.ApproveAsync(asked).Expect(403, "approval_not_yours");
        await theirs.DenyAsync(asked).Expect(403, "approval_not_yours");
        await others.ApproveAsync(asked).Expect(200);

        // An application of the organization that may decide, by a key that the maker knows.
        async Task<ApiClient> BotAsync(ApiClient maker)
        {
            var bot = await admin.ApplicationOfAsync(organization);
            await admin.JoinAsync(organization, bot.Id, OrganizationCalls.OrganizationAdministrator).Expect(200);
            var key = await maker
                .PostAsync(
                    $"/v1/applications/{bot.Id}/api-keys",
                    new { name = "bot", permissions = new[] { At(Management, "organization:approvals") } }
                )
                .Expect(201);
            return admin.With(key.Text("token"));
        }
    }

    [Theory, BothEngines]
    public async Task Only_the_right_people_decide_and_never_about_their_own(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var (one, other) = (await admin.OrganizationAsync(), await admin.OrganizationAsync());
        var made = await admin.PendingKeyAsync(one);
        var path = $"/v1/approvals/{made.Text("approval.id")}";
        var stranger = (await admin.AdministratorAsync(other)).Client;
        foreach (var act in new[] { path, $"/v1/approvals/{Call.UnknownId("apr")}" })
        {
            await stranger.GetAsync(act).Expect(404, "not_found");
            await stranger.PostAsync($"{act}/approve", new { }).Expect(404, "not_found");
            await stranger.PostAsync($"{act}/deny", new { }).Expect(404, "not_found");
        }

        Assert.Empty(OrganizationCalls.Ids(await stranger.GetAsync($"/v1/approvals?organization={one}")));
        var developer = (await admin.DeveloperAsync(one)).Client;
        await developer.GetAsync(path).Expect(403, "insufficient_scope");
        await developer.ApproveAsync(made).Expect(403, "insufficient_scope");

        // The right came after the request.
        var application = await admin.ApplicationOfAsync(one);
        var climber = await admin.DeveloperAsync(one);
        var own = await climber.Client.KeyAsync(application.Id).Expect(201);
        await admin.ReplaceAsync(one, climber.Id, OrganizationCalls.OrganizationAdministrator).Expect(200);
        var risen = admin.With(
            (
                await admin.CreatePersonalAccessTokenAsync(
                    climber.Id,
                    new { permissions = new[] { At(Management, OrganizationCalls.AllScopes) }, organization_id = one }
                )
            ).Secret
        );
        await risen.ApproveAsync(own).Expect(403, "approval_not_yours");
        await risen.ApproveAsync(made).Expect(200);

        // What the server demands, its administrators decide; an administrator of the organization makes none at once.
        await admin.SetPolicyAsync(null, ApprovalCalls.Demand("api_key")).Expect(200);
        var there = (await admin.AdministratorAsync(one)).Client;
        await there.KeyAsync(application.Id, why: null).ExpectViolationAsync("approval_required", "server");
        var demanded = await there.KeyAsync(application.Id).Expect(201);
        Assert.Equal("server", demanded.Text("approval.demanded_by"));
        await risen.ApproveAsync(demanded).Expect(403, "approval_not_yours");
        await risen.DenyAsync(demanded).Expect(403, "approval_not_yours");
        var keeper = (await admin.CallerAsync("approvals:read", "approvals:write")).Client;
        await keeper.ApproveAsync(demanded).Expect(200);
    }

    private static Task<Person> MemberAsync(ApiClient admin, string organization) =>
        admin.MemberAsync(organization, [OrganizationCalls.OrganizationMember], At(Management, "organization:read", "tokens:own"));

    private static Task<ApiResponse> TokenAsync(ApiClient client, string? why) =>
        client.PostAsync(
            "/v1/me/tokens",
            new
            {
                name = CreateRequests.Unique("token"),
                justification = why,
                expires_at = In(600),
                permissions = Array.Empty<object>(),
            }
        );
}
