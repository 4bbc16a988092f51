using System.Text.Json;
using Tokenry.Server.Tests.Features.Organizations;
using Tokenry.Server.Tests.Features.Roles;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Reports.Reviews;

/// <summary>Access reviews: a snapshot of who holds what, signed line by line.</summary>
public sealed class AccessReviewTests(SharedServers servers)
{
    private const string Path = "/v1/reports/reviews";

    [Theory, BothEngines]
    public async Task A_review_has_a_line_for_each_credential_and_role_of_the_organization_and_says_what_changed(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var administrator = await admin.AdministratorAsync(organization);
        var application = await admin.ApplicationOfAsync(organization);
        var kept = await admin.CreateApiKeyAsync(application.Id);
        var changed = await admin.CreateApiKeyAsync(application.Id);
        var ended = await admin.CreateApiKeyAsync(application.Id);
        var before = await admin.CreateApiKeyAsync(application.Id);
        await admin.DeleteAsync($"/v1/api-keys/{before.Id}").Expect(204);
        var elsewhere = await admin.CreateApiKeyAsync((await admin.ApplicationOfAsync(await admin.OrganizationAsync())).Id);

        var review = await OpenAsync(administrator.Client, new { });
        Assert.Equal(organization, review.Text("covers"));
        var lines = await LinesAsync(administrator.Client, review.Text("id"));
        Assert.Equal(
            new[] { kept.Id, changed.Id, ended.Id, administrator.Token.Id, OrganizationCalls.OrganizationAdministrator }.Order(),
            lines.Keys.Order()
        );
        Assert.DoesNotContain(elsewhere.Id, lines.Keys);
        Assert.All(lines.Values, line => Assert.Equal("unchanged", line.GetProperty("since").GetString()));
        Assert.Equal(
            (5, 0, 5),
            (
                Progress(review.Json, "lines"),
                Progress(review.Json, "kept") + Progress(review.Json, "revoked"),
                Progress(review.Json, "open")
            )
        );

        await admin.PatchAsync($"/v1/api-keys/{changed.Id}", new { name = "renamed" }).Expect(200);
        await admin.DeleteAsync($"/v1/api-keys/{ended.Id}").Expect(204);
        lines = await LinesAsync(administrator.Client, review.Text("id"));
        Assert.Equal("unchanged", lines[kept.Id].GetProperty("since").GetString());
        Assert.Equal("changed", lines[changed.Id].GetProperty("since").GetString());
        Assert.NotEqual("renamed", lines[changed.Id].GetProperty("name").GetString());
        Assert.Equal("ended", lines[ended.Id].GetProperty("since").GetString());
    }

    [Theory, BothEngines]
    public async Task A_signature_is_final_and_names_its_signer(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var one = await admin.AdministratorAsync(organization);
        var key = await admin.CreateApiKeyAsync((await admin.ApplicationOfAsync(organization)).Id);
        var id = (await OpenAsync(one.Client, new { organization })).Text("id");
        var line = (await LinesAsync(one.Client, id))[key.Id].GetProperty("id").GetString();

        var signed = await one.Client.PostAsync($"{Path}/{id}/lines/{line}/keep", new { comment = "still needed" }).Expect(200);
        Assert.Equal(("keep", one.Id, "still needed"), (signed.Text("decision"), signed.Text("decided_by"), signed.Text("comment")));
        var late = await admin.PostAsync($"{Path}/{id}/lines/{line}/revoke", new { }).Expect(409, "review_line_signed");
        Assert.Contains(signed.Text("decided_by_name"), late.Text("detail"), StringComparison.Ordinal);
        Assert.Contains("keep", late.Text("detail"), StringComparison.Ordinal);
        Assert.Equal("active", (await admin.GetAsync($"/v1/api-keys/{key.Id}").Expect(200)).Text("state"));
    }

    [Theory, BothEngines]
    public async Task Of_two_people_who_sign_at_once_one_wins(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var people = new[] { await admin.AdministratorAsync(organization), await admin.AdministratorAsync(organization) };
        var application = await admin.ApplicationOfAsync(organization);
        var keys = new List<string>();
        for (var i = 0; i < 8; i++)
            keys.Add((await admin.CreateApiKeyAsync(application.Id)).Id);
        var id = (await OpenAsync(people[0].Client, new { })).Text("id");
        var lines = await LinesAsync(people[0].Client, id);
        foreach (var key in keys)
        {
            var line = lines[key].GetProperty("id").GetString();
            var answers = await Task.WhenAll(
                people[0].Client.PostAsync($"{Path}/{id}/lines/{line}/keep", new { }),
                people[1].Client.PostAsync($"{Path}/{id}/lines/{line}/revoke", new { })
            );
            Assert.Equal([200, 409], answers.Select(answer => answer.Status).Order());
            // What is signed is what was done.
            var state = (await admin.GetAsync($"/v1/api-keys/{key}").Expect(200)).Text("state");
            Assert.Equal(answers[0].Status == 200 ? "active" : "revoked", state);
        }

        var progress = (await people[0].Client.GetAsync($"{Path}/{id}").Expect(200)).Json.GetProperty("review");
        Assert.Equal(keys.Count, Progress(progress, "kept") + Progress(progress, "revoked"));
    }

    [Theory, BothEngines]
    public async Task To_revoke_a_line_revokes_its_credential_or_takes_the_role_with_the_same_event(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var one = await admin.AdministratorAsync(organization);
        var member = await admin.MemberAsync(organization, [OrganizationCalls.OrganizationMember]);
        var key = await admin.CreateApiKeyAsync((await admin.ApplicationOfAsync(organization)).Id);
        var id = (await OpenAsync(one.Client, new { })).Text("id");
        var lines = await LinesAsync(one.Client, id);

        var signed = await SignAsync(one.Client, id, lines[key.Id], "revoke", "unused").Expect(200);
        Assert.Equal("ended", signed.Text("since"));
        var revoked = await admin.GetAsync($"/v1/api-keys/{key.Id}").Expect(200);
        Assert.Equal(("revoked", "unused"), (revoked.Text("state"), revoked.Text("revoked_reason")));
        Assert.Equal(1, await admin.EventsAsync(organization, "api_key.revoked"));

        await SignAsync(one.Client, id, lines[OrganizationCalls.OrganizationMember], "revoke").Expect(200);
        await admin.GetAsync($"/v1/organizations/{organization}/members/{member.Id}").Expect(404);
        Assert.Equal(1, await admin.EventsAsync(organization, "organization.member_removed"));
        Assert.Equal(2, await admin.EventsAsync(organization, "review.line_revoked"));

        // The last administrator keeps the role, and the line stays open.
        await SignAsync(one.Client, id, lines[OrganizationCalls.OrganizationAdministrator], "revoke").Expect(409, "last_administrator");
        Assert.Equal(
            JsonValueKind.Null,
            (await LinesAsync(one.Client, id))[OrganizationCalls.OrganizationAdministrator].GetProperty("decision").ValueKind
        );
    }

    [Theory, BothEngines]
    public async Task A_members_token_for_several_organizations_has_a_line_and_to_revoke_it_excludes_it(Engine engine)
    {
        var world = await SeveralOrganizations.ArrangeAsync(await servers.AdminAsync(engine));
        var one = await world.Admin.AdministratorAsync(world.One);
        var id = (await OpenAsync(one.Client, new { })).Text("id");
        var line = (await LinesAsync(one.Client, id))[world.Token.Id];
        Assert.Equal(("member_token", "unchanged"), (line.GetProperty("kind").GetString(), line.GetProperty("since").GetString()));
        Assert.Equal(world.Token.Response.Text("masked"), line.GetProperty("name").GetString());
        Assert.Equal($"{world.Api}: everywhere one", line.GetProperty("permissions").GetString());
        Assert.Equal(JsonValueKind.Null, line.GetProperty("last_used_at").ValueKind);

        // What happens to it elsewhere is not this organization's business.
        await world
            .Admin.PatchAsync($"/v1/tokens/{world.Token.Id}", new { name = "renamed", permissions = Array.Empty<object>() })
            .Expect(200);
        Assert.Equal("unchanged", (await LinesAsync(one.Client, id))[world.Token.Id].GetProperty("since").GetString());
        var narrow = new[]
        {
            new { id = world.One, permissions = new[] { At(world.Api, "one") } },
            new { id = world.Two, permissions = new[] { At(world.Api, "two") } },
        };
        await world.Admin.PatchAsync($"/v1/tokens/{world.Token.Id}", new { organizations = narrow }).Expect(200);
        Assert.Equal("changed", (await LinesAsync(one.Client, id))[world.Token.Id].GetProperty("since").GetString());

        var signed = await SignAsync(one.Client, id, line, "revoke", "left the project").Expect(200);
        Assert.Equal("ended", signed.Text("since"));
        Assert.Equal("wrong_organization", await world.CodeAsync(world.Token.Secret, world.One));
        await world.ExpectAsync(world.Two, "two");
        Assert.Equal(1, await world.Admin.EventsAsync(world.One, "organization.token_excluded"));
        Assert.Equal(0, await world.Admin.EventsAsync(world.One, "personal_access_token.revoked"));

        // Another organization's review has its own line, and an end of the membership is an end of it.
        var two = await world.Admin.AdministratorAsync(world.Two);
        var other = (await OpenAsync(two.Client, new { })).Text("id");
        Assert.Equal($"{world.Api}: two", (await LinesAsync(two.Client, other))[world.Token.Id].GetProperty("permissions").GetString());
        await world.Admin.RemoveAsync(world.Two, world.UserId).Expect(200);
        Assert.Equal("ended", (await LinesAsync(two.Client, other))[world.Token.Id].GetProperty("since").GetString());
    }

    [Theory, BothEngines]
    public async Task A_review_of_the_server_has_roles_of_the_server_and_takes_them(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var role = await admin.CreateRoleAsync([]);
        var user = await admin.CreateUserAsync([role.Id], new { password = (string?)null });
        var id = (await OpenAsync(admin, new { })).Text("id");
        var lines = await LinesAsync(admin, id);
        await admin.PatchAsync($"/v1/roles/{role.Id}", new { permissions = new[] { At(Management, "tokens:own") } }).Expect(200);
        Assert.Equal("changed", (await LinesAsync(admin, id))[role.Id].GetProperty("since").GetString());
        await SignAsync(admin, id, lines[role.Id], "revoke").Expect(200);
        Assert.Empty((await admin.GetAsync($"/v1/users/{user.Id}").Expect(200)).Json.GetProperty("roles").EnumerateArray());
        var audit = (await admin.GetAsync("/v1/audit?action=user.updated").Expect(200)).Json.GetProperty("items")[0];
        Assert.Equal("roles", audit.GetProperty("changes")[0].GetProperty("member").GetString());
    }

    [Theory, BothEngines]
    public async Task A_role_on_objects_is_a_line_and_is_taken_with_it(Engine engine)
    {
        var world = await ObjectRolesWorld.ArrangeAsync(await servers.AdminAsync(engine));
        var organization = await world.Admin.OrganizationAsync();
        await world.Admin.JoinAsync(organization, world.UserId).Expect(200);
        var member = $"/v1/organizations/{organization}/members/{world.UserId}";
        await world.GiveAsync(member, "base:a", "base:b").Expect(200);
        var id = (await OpenAsync(world.Admin, new { organization })).Text("id");
        var line = (await LinesAsync(world.Admin, id))[world.WriterId];
        Assert.Equal("object_role", line.GetProperty("kind").GetString());
        Assert.Equal($"{world.Api}: write on base:a base:b", line.GetProperty("permissions").GetString());
        await world.GiveAsync(member, "base:*").Expect(200);
        Assert.Equal("changed", (await LinesAsync(world.Admin, id))[world.WriterId].GetProperty("since").GetString());
        await SignAsync(world.Admin, id, line, "revoke").Expect(200);
        AssertJson("""{"items":[]}""", (await world.Admin.GetAsync($"{member}/object-roles").Expect(200)).Json);
        Assert.Equal(3, await world.Admin.EventsAsync(organization, "organization.member_object_roles_replaced"));
        Assert.Equal("ended", (await LinesAsync(world.Admin, id))[world.WriterId].GetProperty("since").GetString());
        await world.Admin.GetAsync(member).Expect(200); // still a member
    }

    [Theory, BothEngines]
    public async Task An_administrator_of_one_organization_sees_and_signs_that_one_only(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var (one, other) = (await admin.OrganizationAsync(), await admin.OrganizationAsync());
        var key = await admin.CreateApiKeyAsync((await admin.ApplicationOfAsync(one)).Id);
        var id = (await OpenAsync(admin, new { organization = one })).Text("id");
        var line = (await LinesAsync(admin, id))[key.Id];
        var stranger = await admin.AdministratorAsync(other);
        await stranger.Client.GetAsync($"{Path}/{id}").Expect(404);
        await SignAsync(stranger.Client, id, line, "keep").Expect(404);
        await SignAsync(stranger.Client, id, line, "revoke").Expect(404);
        await stranger.Client.PostAsync(Path, new { organization = one }).Expect(404);
        Assert.Empty(OrganizationCalls.Ids(await stranger.Client.GetAsync(Path)));
        Assert.Contains(id, OrganizationCalls.Ids(await (await admin.AdministratorAsync(one)).Client.GetAsync(Path)));
    }

    [Theory, BothEngines]
    public async Task As_csv_a_review_says_who_signed_what_and_a_cell_is_no_formula(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var one = await admin.AdministratorAsync(organization);
        var key = await admin.CreateApiKeyAsync((await admin.ApplicationOfAsync(organization)).Id, new { name = "=1+1" });
        var id = (await OpenAsync(one.Client, new { })).Text("id");
        await SignAsync(one.Client, id, (await LinesAsync(one.Client, id))[key.Id], "keep", "yes, \"needed\"").Expect(200);
        var csv = await one.Client.GetAsync($"{Path}/{id}?format=csv").Expect(200);
        Assert.Equal("text/csv; charset=utf-8", csv.Header("Content-Type"));
        var row = Assert.Single(csv.Body.Split("\r\n"), text => text.Contains(key.Id, StringComparison.Ordinal));
        Assert.Contains("'=1+1", row, StringComparison.Ordinal);
        Assert.Contains($",keep,{one.Id},", row, StringComparison.Ordinal);
        Assert.Contains("\"yes, \"\"needed\"\"\"", row, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task People_open_and_sign_on_pages(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var organization = await admin.OrganizationAsync();
        var user = (await admin.CreateUserAsync([], new { password = (string?)null })).Id;
        await admin.JoinAsync(organization, user, OrganizationCalls.OrganizationAdministrator).Expect(200);
        var key = await admin.CreateApiKeyAsync((await admin.ApplicationOfAsync(organization)).Id, new { name = "nightly" });
        var browser = await admin.BrowserOfAsync(user);
        await browser.ActInAsync(organization);

        var today = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        var opened = await browser.SendAsync("reports/reviews", "reports/reviews", ("from", today), ("to", today)).Expect(303);
        var page = opened.Header("Location")!.TrimStart('/');
        var id = page[(page.LastIndexOf('/') + 1)..];
        var shown = (await browser.GetAsync("/" + page).Expect(200)).Body;
        Assert.Contains("nightly", shown, StringComparison.Ordinal);
        var line = (await LinesAsync(admin, id))[key.Id].GetProperty("id").GetString();
        var revoke = $"reports/reviews/{id}/lines/{line}/revoke";
        await browser.SendAsync(page, revoke, ("comment", "not used")).Expect(303);
        Assert.Equal("revoked", (await admin.GetAsync($"/v1/api-keys/{key.Id}").Expect(200)).Text("state"));
        shown = (await browser.GetAsync("/" + page).Expect(200)).Body;
        Assert.Contains("not used", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(revoke, shown, StringComparison.Ordinal);
        var refused = await browser.SendAsync("reports/reviews", "reports/reviews", ("from", "2099-01-02"), ("to", "2099-01-01"));
        Assert.Equal(422, refused.Status);
    }

    private static async Task<ApiResponse> OpenAsync(ApiClient client, object body) => await client.PostAsync(Path, body).Expect(201);

    private static Task<ApiResponse> SignAsync(ApiClient client, string id, JsonElement line, string decision, string? comment = null) =>
        client.PostAsync($"{Path}/{id}/lines/{line.GetProperty("id").GetString()}/{decision}", new { comment });

    private static long Progress(JsonElement review, string member) => review.GetProperty("progress").GetProperty(member).GetInt64();

    /// <summary>The lines by the id of the credential or role.</summary>
    private static async Task<Dictionary<string, JsonElement>> LinesAsync(ApiClient client, string id)
    {
        var found = new Dictionary<string, JsonElement>();
        for (var cursor = ""; cursor is not null; )
        {
            var page = (await client.GetAsync($"{Path}/{id}?limit=2{(cursor.Length > 0 ? "&cursor=" + cursor : "")}").Expect(200)).Json;
            foreach (var line in page.GetProperty("items").EnumerateArray())
                found[line.GetProperty("target_id").GetString()!] = line;
            cursor = page.GetProperty("next_cursor").GetString();
        }

        return found;
    }
}
