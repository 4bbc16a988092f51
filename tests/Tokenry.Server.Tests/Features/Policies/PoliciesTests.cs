using System.Globalization;
using Tokenry.Server.Tests.Contracts;
using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.Organizations;
using Tokenry.Server.Tests.Platform.Store;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Policies;

/// <summary>The policies of the server and of organizations: who changes them, what they bind, and what they leave alone.</summary>
public sealed class PoliciesTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_policy_is_revised_rule_by_rule_and_the_audit_says_what_was(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var path = PolicyCalls.Path(organization);
        var empty = await admin.GetAsync(path).Expect(200);
        Assert.Equal(organization, empty.Text("owner"));
        Assert.Equal(0, empty.Json.GetProperty("effective").GetProperty("forbidden_kinds").GetArrayLength());

        await admin.SetPolicyAsync(organization, new { forbidden_kinds = new[] { "api_key" }, max_tokens_per_user = 3 }).Expect(200);
        var revised = await admin
            .SetPolicyAsync(organization, new { max_tokens_per_user = 5, allowed_networks = new[] { "10.0.0.0/8" } })
            .Expect(200);
        AssertJson("""["api_key"]""", revised.Json.GetProperty("forbidden_kinds"));
        AssertJson(
            $$$"""{"max_lifetimes":[],"expiry_required":[],"max_tokens_per_user":{"limit":5,"owner":"{{{organization}}}"},"forbidden_kinds":[{"kind":"api_key","owner":"{{{organization}}}"}],"allowed_networks":[{"network":"10.0.0.0/8","owner":"{{{organization}}}"}],"invited_accounts":null,"recoverable":null,"approval_required":[]}""",
            revised.Json.GetProperty("effective")
        );
        Assert.Equal(revised.Body, (await admin.GetAsync(path).Expect(200)).Body);
        // A repeat changes nothing; an empty list is no rule.
        await admin.SetPolicyAsync(organization, new { max_tokens_per_user = 5 }).Expect(200);
        await admin.SetPolicyAsync(organization, new { forbidden_kinds = Array.Empty<string>() }).Expect(200);
        var events = (await admin.GetAsync($"/v1/audit?organization={organization}&action=policy.updated").Expect(200)).Json.GetProperty(
            "items"
        );
        Assert.Equal(3, events.GetArrayLength());
        AssertJson(
            """[{"member":"max_tokens_per_user","before":3,"after":5},{"member":"allowed_networks","before":null,"after":["10.0.0.0/8"]}]""",
            events[1].GetProperty("changes")
        );
    }

    [Theory, BothEngines]
    public async Task What_is_no_rule_is_refused_with_its_member(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var path = PolicyCalls.Path(await admin.OrganizationAsync());
        await admin.PatchAsync(path, new { forbidden_kinds = new[] { "access_token" } }).ExpectFaultAsync("forbidden_kinds");
        await admin.PatchAsync(path, new { expiry_required = new[] { "api_key", "api_key" } }).ExpectFaultAsync("expiry_required");
        await admin.PatchAsync(path, """{"expiry_required":[null]}""").ExpectFaultAsync("expiry_required");
        await admin.PatchAsync(path, """{"max_lifetimes":[null]}""").ExpectFaultAsync("max_lifetimes");
        await admin.PatchAsync(path, """{"max_lifetimes":[{"seconds":60}]}""").ExpectFaultAsync("max_lifetimes");
        await admin
            .PatchAsync(path, new { max_lifetimes = new[] { new { kind = "api_key", seconds = 59 } } })
            .ExpectFaultAsync("max_lifetimes");
        await admin
            .PatchAsync(path, new { max_lifetimes = new[] { new { kind = "api_key", seconds = long.MaxValue } } })
            .ExpectFaultAsync("max_lifetimes");
        await admin.PatchAsync(path, new { max_tokens_per_user = 0 }).ExpectFaultAsync("max_tokens_per_user");
        await admin.PatchAsync(path, new { allowed_networks = new[] { "10.0.0.0/33" } }).ExpectFaultAsync("allowed_networks");
        await admin.PatchAsync(path, new { approval = true }).Expect(400, "invalid_request");
    }

    [Theory, BothEngines]
    public async Task Each_policy_has_its_own_administrators(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var (one, other) = (await admin.OrganizationAsync(), await admin.OrganizationAsync());
        var there = (await admin.AdministratorAsync(one)).Client;
        var member = (await admin.MemberAsync(one, [OrganizationCalls.OrganizationMember], At(Management, "organization:read"))).Client;
        var rules = new { max_tokens_per_user = 9 };

        await there.SetPolicyAsync(one, rules).Expect(200);
        await member.GetAsync(PolicyCalls.Path(one)).Expect(200);
        var bound = (await member.GetAsync("/v1/me/policy").Expect(200)).Json.GetProperty("max_tokens_per_user");
        AssertJson($$"""{"limit":9,"owner":"{{one}}"}""", bound);
        await member.SetPolicyAsync(one, rules).Expect(403, "insufficient_scope");
        await member.PostAsync(PolicyCalls.Path(one) + "/preview", rules).Expect(403, "insufficient_scope");
        foreach (var path in new[] { PolicyCalls.Path(other), PolicyCalls.Path(Call.UnknownId("org")) })
        {
            await there.GetAsync(path).Expect(404, "not_found");
            await there.PatchAsync(path, rules).Expect(404, "not_found");
            await there.PostAsync(path + "/preview", rules).Expect(404, "not_found");
        }

        await there.SetPolicyAsync(null, rules).Expect(403, "insufficient_scope");
        await there.GetAsync("/v1/policy").Expect(403, "insufficient_scope");
        var keeper = (await admin.CallerAsync("policies:read", "policies:write")).Client;
        await keeper.SetPolicyAsync(null, rules).Expect(200);
        await keeper.SetPolicyAsync(other, rules).Expect(200);
        var stranger = (await admin.CallerAsync("organizations:write", "credentials:write")).Client;
        await stranger.SetPolicyAsync(null, rules).Expect(403, "insufficient_scope");
        await stranger.SetPolicyAsync(other, rules).Expect(403, "insufficient_scope");
    }

    [Theory, BothEngines]
    public async Task The_stricter_rule_of_server_and_organization_decides(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var organization = await admin.OrganizationAsync();
        var (inside, outside) = (await admin.ApplicationOfAsync(organization), await admin.CreateApplicationAsync([]));
        await admin.SetPolicyAsync(null, PolicyCalls.LifeOfAll(7200)).Expect(200);
        await admin.SetPolicyAsync(organization, PolicyCalls.LifeOfAll(3600)).Expect(200);

        await CreateAsync(outside, 7000).Expect(201);
        await CreateAsync(outside, 7300).ExpectViolationAsync("max_lifetimes", "server");
        var refused = await CreateAsync(inside, 7000).ExpectViolationAsync("max_lifetimes", organization);
        var latest = refused.Text("policy.latest_expires_at");
        Assert.InRange(
            DateTimeOffset.Parse(latest, CultureInfo.InvariantCulture) - DateTimeOffset.UtcNow,
            TimeSpan.FromSeconds(3000),
            TimeSpan.FromSeconds(3601)
        );
        Assert.Contains(latest, refused.Text("detail"), StringComparison.Ordinal);
        // What the refusal names is taken.
        await admin.PostAsync($"/v1/applications/{inside.Id}/api-keys", new { name = "k", expires_at = latest }).Expect(201);

        await admin.SetPolicyAsync(null, PolicyCalls.LifeOfAll(600)).Expect(200);
        await CreateAsync(inside, 700).ExpectViolationAsync("max_lifetimes", "server");

        Task<ApiResponse> CreateAsync(CreatedApplication application, int seconds) =>
            admin.PostAsync($"/v1/applications/{application.Id}/api-keys", new { name = "k", expires_at = In(seconds) });
    }

    [Theory, BothEngines]
    public async Task Who_says_no_end_gets_the_latest_and_a_kind_without_a_longest_life_must_say_one(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var application = await admin.ApplicationOfAsync(organization);
        var path = $"/v1/applications/{application.Id}/api-keys";
        await admin.SetPolicyAsync(organization, PolicyCalls.LifeOfAll(3600)).Expect(200);
        var made = await admin.PostAsync(path, new { name = "k" }).Expect(201);
        Assert.InRange(made.Time("expires_at") - DateTimeOffset.UtcNow, TimeSpan.FromSeconds(3000), TimeSpan.FromSeconds(3601));
        await admin.PostAsync(path, """{"name":"k","expires_at":null}""").ExpectViolationAsync("max_lifetimes", organization);

        await admin.ClearPolicyAsync(organization);
        await admin.SetPolicyAsync(organization, new { expiry_required = new[] { "api_key" } }).Expect(200);
        await admin.PostAsync(path, new { name = "k" }).ExpectViolationAsync("expiry_required", organization);
        await admin.PostAsync(path, new { name = "k", expires_at = "2099-01-01T00:00:00Z" }).Expect(201);
        await admin.PostAsync($"/v1/applications/{application.Id}/secrets", new { name = "s" }).Expect(201);
    }

    [Theory, BothEngines]
    public async Task A_user_has_no_more_live_tokens_than_allowed(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var person = await admin.PersonAsync();
        await admin.JoinAsync(organization, person.Id, OrganizationCalls.OrganizationMember).Expect(200);
        await admin.CreatePersonalAccessTokenAsync(person.Id); // elsewhere: it does not count
        var tokens = new List<CreatedCredential>();
        for (var i = 0; i < 3; i++)
            tokens.Add(await admin.CreatePersonalAccessTokenAsync(person.Id, new { organization_id = organization }));
        await admin.SetPolicyAsync(organization, new { max_tokens_per_user = 3 }).Expect(200);

        var refused = await CreateAsync().ExpectViolationAsync("max_tokens_per_user", organization);
        Assert.Equal(3, refused.Json.GetProperty("policy").GetProperty("limit").GetInt32());
        // A rotation adds none.
        await admin.PostAsync($"/v1/tokens/{tokens[0].Id}/rotate", new { overlap_seconds = 0 }).Expect(200);
        await admin.PostAsync($"/v1/tokens/{tokens[0].Id}/disable").Expect(200);
        await CreateAsync().Expect(201);
        await admin.PostAsync($"/v1/tokens/{tokens[0].Id}/enable").ExpectViolationAsync("max_tokens_per_user", organization);
        await admin.DeleteAsync($"/v1/tokens/{tokens[1].Id}").Expect(204);
        await admin.PostAsync($"/v1/tokens/{tokens[0].Id}/enable").Expect(200);

        // At once: one finds room.
        await admin.DeleteAsync($"/v1/tokens/{tokens[2].Id}").Expect(204);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => CreateAsync()));
        Assert.Equal(1, answers.Count(answer => answer.Status == 201));
        Assert.All(answers, answer => Assert.True(answer.Status is 201 or 422, answer.Body));

        Task<ApiResponse> CreateAsync() =>
            admin.PostAsync($"/v1/users/{person.Id}/tokens", new { name = "another", organization_id = organization });
    }

    [Theory, BothEngines]
    public async Task A_PATCH_is_bound_by_what_it_names_and_by_all_if_the_credential_lives_longer(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var application = await admin.ApplicationOfAsync(organization);
        var key = await admin.CreateApiKeyAsync(application.Id, new { expires_at = "2099-01-01T00:00:00Z" });
        var path = $"/v1/api-keys/{key.Id}";
        await admin
            .SetPolicyAsync(
                organization,
                new
                {
                    max_lifetimes = new[] { new { kind = "api_key", seconds = 3600 } },
                    allowed_networks = new[] { "10.0.0.0/8" },
                    forbidden_kinds = new[] { "api_key" },
                }
            )
            .Expect(200);

        await admin.PatchAsync(path, new { name = "renamed", rotate_every_days = 30 }).Expect(200);
        await admin.PatchAsync(path, new { expires_at = "2098-01-01T00:00:00Z" }).ExpectViolationAsync("max_lifetimes", organization);
        await admin.PatchAsync(path, new { expires_at = "2099-02-01T00:00:00Z" }).ExpectViolationAsync("forbidden_kinds", organization);
        await admin.PatchAsync(path, new { allowed_ips = new[] { "10.1.0.0/16" } }).ExpectViolationAsync("forbidden_kinds", organization);
        await admin.PatchAsync(path, new { permissions = Array.Empty<object>() }).ExpectViolationAsync("forbidden_kinds", organization);
        // To end it sooner is always allowed.
        await admin.PatchAsync(path, new { expires_at = In(3000) }).Expect(200);
        await admin.PatchAsync(path, new { expires_at = In(3300) }).ExpectViolationAsync("forbidden_kinds", organization);
        await admin.SetPolicyAsync(organization, """{"forbidden_kinds":null}""").Expect(200);
        await admin.PatchAsync(path, new { expires_at = In(3300) }).ExpectViolationAsync("allowed_networks", organization);
        await admin
            .PatchAsync(path, new { expires_at = In(3300), allowed_ips = new[] { "11.0.0.1" } })
            .ExpectViolationAsync("allowed_networks", organization);
        await admin.PatchAsync(path, new { expires_at = In(3300), allowed_ips = new[] { "10.0.0.1" } }).Expect(200);
        await admin.PostAsync($"{path}/disable").Expect(200);
        await admin.PostAsync($"{path}/enable").Expect(200);
        await admin.DeleteAsync(path).Expect(204);
    }

    [Theory, BothEngines]
    public async Task Operators_on_the_host_are_not_locked_out_and_a_deleted_organization_leaves_no_policy(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        await admin.SetPolicyAsync(null, new { forbidden_kinds = PolicyCalls.Kinds }).Expect(200);
        var again = await server.AdminAsync();
        await again.ClearPolicyAsync(null);

        var organization = await admin.OrganizationAsync();
        await admin.SetPolicyAsync(organization, new { max_tokens_per_user = 1 }).Expect(200);
        await admin.DeleteAsync($"/v1/organizations/{organization}").Expect(204);
        await admin.GetAsync(PolicyCalls.Path(organization)).Expect(404, "not_found");
        Assert.Equal(1, await server.ScalarAsync<long>("SELECT count(*) FROM policies"));
    }
}
