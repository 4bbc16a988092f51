using static Tokenry.Server.Tests.Core.Access.ManagementCalls;
using static Tokenry.Server.Tests.Features.Organizations.OrganizationCalls;

namespace Tokenry.Server.Tests.Features.Organizations;

using Tokenry.Server.Tests.Core.Access;

public sealed class OrganizationsTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task An_organization_is_made_shown_renamed_and_deleted(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var name = CreateRequests.Unique("Acme");
        var created = await admin.PostAsync("/v1/organizations", new { name }).Expect(201);
        var path = created.Header("Location")!;
        Assert.Equal($"/v1/organizations/{created.Text("id")}", path);
        Assert.StartsWith("org_", created.Text("id"), StringComparison.Ordinal);
        AssertJson(
            $$"""{"id":"{{created.Text("id")}}","name":"{{name}}","enabled":true,"created_at":"{{created.Text("created_at")}}"}""",
            created.Json
        );
        Assert.Equal(created.Body, (await admin.GetAsync(path).Expect(200)).Body);
        Assert.Equal("Other", (await admin.PatchAsync(path, new { name = "Other" }).Expect(200)).Text("name"));
        Assert.False((await admin.PostAsync($"{path}/disable").Expect(200)).Json.GetProperty("enabled").GetBoolean());
        Assert.False((await admin.GetAsync(path).Expect(200)).Json.GetProperty("enabled").GetBoolean());
        Assert.True((await admin.PostAsync($"{path}/enable").Expect(200)).Json.GetProperty("enabled").GetBoolean());
        await admin.DeleteAsync(path).Expect(204);
        await admin.DeleteAsync(path).Expect(204);
        await admin.GetAsync(path).Expect(404, "not_found");
        await admin.PatchAsync(path, new { name }).Expect(404, "not_found");
        await admin.PostAsync($"{path}/enable").Expect(404, "not_found");
        await admin.DeleteAsync("/v1/organizations/org_000000000000000000000A").Expect(404, "not_found");
    }

    [Theory, BothEngines]
    public async Task A_name_has_the_form_of_every_name(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        await admin.PostAsync("/v1/organizations", new { name = "" }).ExpectFaultAsync("name");
        await admin.PostAsync("/v1/organizations", new { name = new string('x', 201) }).ExpectFaultAsync("name");
        await admin.PostAsync("/v1/organizations", new { name = "x", color = "red" }).Expect(400, "invalid_request");
        var id = await admin.OrganizationAsync();
        await admin.PatchAsync($"/v1/organizations/{id}", """{"name":null}""").ExpectFaultAsync("name");
    }

    [Theory, BothEngines]
    public async Task A_list_has_pages(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        string[] made = [await admin.OrganizationAsync(), await admin.OrganizationAsync(), await admin.OrganizationAsync()];
        var seen = new List<string>();
        for (string? cursor = ""; cursor is not null; )
        {
            var page = await admin.GetAsync($"/v1/organizations?limit=2{(cursor.Length > 0 ? "&cursor=" + cursor : "")}").Expect(200);
            Assert.True(page.Json.GetProperty("items").GetArrayLength() <= 2);
            seen.AddRange(Ids(page));
            cursor = page.Json.GetProperty("next_cursor").GetString();
        }

        Assert.Equal(seen.Order(StringComparer.Ordinal), seen);
        Assert.Equal(made, seen.Where(made.Contains));
        await admin.GetAsync("/v1/organizations?cursor=usr_000000000000000000000A").ExpectFaultAsync("cursor");
    }

    [Theory, BothEngines]
    public async Task A_repeated_key_makes_one_organization(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var headers = new Dictionary<string, string> { ["Idempotency-Key"] = CreateRequests.Unique("once") };
        var body = new { name = CreateRequests.Unique("Acme") };
        var first = await admin.PostAsync("/v1/organizations", body, headers).Expect(201);
        Assert.Equal(first.Body, (await admin.PostAsync("/v1/organizations", body, headers).Expect(201)).Body);
        Assert.Equal(1, await admin.EventsAsync(first.Text("id"), "organization.created"));
        await admin.PostAsync("/v1/organizations", new { name = "Other" }, headers).Expect(422, "idempotency_key_reused");
    }

    [Theory, BothEngines]
    public async Task Each_change_is_in_the_audit_once_and_a_repeat_is_not(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var name = CreateRequests.Unique("Other");
        for (var i = 0; i < 2; i++)
        {
            await admin.PatchAsync($"/v1/organizations/{id}", new { name }).Expect(200);
            await admin.PostAsync($"/v1/organizations/{id}/disable").Expect(200);
        }

        for (var i = 0; i < 2; i++)
        {
            await admin.PostAsync($"/v1/organizations/{id}/enable").Expect(200);
        }

        for (var i = 0; i < 2; i++)
        {
            await admin.DeleteAsync($"/v1/organizations/{id}").Expect(204);
        }

        foreach (var verb in new[] { "created", "updated", "disabled", "enabled", "deleted" })
        {
            var events = (await admin.GetAsync($"/v1/audit?organization={id}&action=organization.{verb}").Expect(200)).Json.GetProperty(
                "items"
            );
            Assert.True(events.GetArrayLength() == 1, $"{verb}: {events.GetArrayLength()}");
            Assert.Equal(id, events[0].GetProperty("target").GetProperty("id").GetString());
            Assert.True(events[0].GetProperty("changes").GetArrayLength() == 1, verb);
        }
    }

    [Theory, BothEngines]
    public async Task Only_an_empty_organization_is_deleted(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var user = await admin.PersonAsync();
        await admin.JoinAsync(id, user.Id).Expect(200);
        await admin.DeleteAsync($"/v1/organizations/{id}").Expect(409, "in_use");
        var token = await admin.CreatePersonalAccessTokenAsync(user.Id, new { organization_id = id });
        await admin.RemoveAsync(id, user.Id).Expect(200);
        await admin.DeleteAsync($"/v1/organizations/{id}").Expect(409, "in_use");
        await admin.DeleteAsync($"/v1/tokens/{token.Id}").Expect(204);
        var application = await admin.ApplicationOfAsync(id);
        await admin.DeleteAsync($"/v1/organizations/{id}").Expect(409, "in_use");
        await admin.DeleteAsync($"/v1/applications/{application.Id}").Expect(204);
        await admin.DeleteAsync($"/v1/organizations/{id}").Expect(204);
    }

    [Theory, BothEngines]
    public async Task A_caller_needs_the_scopes_of_organizations(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var id = await admin.OrganizationAsync();
        var reader = (await admin.CallerAsync("organizations:read")).Client;
        await reader.GetAsync($"/v1/organizations/{id}").Expect(200);
        await reader.GetAsync($"/v1/organizations/{id}/members").Expect(200);
        await reader.PatchAsync($"/v1/organizations/{id}", new { name = "x" }).Expect(403, "insufficient_scope");
        await reader.PostAsync("/v1/organizations", new { name = "x" }).Expect(403, "insufficient_scope");
        // The scopes in an organization open nothing for a credential that acts in none.
        var outside = (await admin.CallerAsync(AllScopes)).Client;
        await outside.GetAsync($"/v1/organizations/{id}").Expect(403, "insufficient_scope");
        await outside.JoinAsync(id, (await admin.PersonAsync()).Id).Expect(403, "insufficient_scope");
    }
}
