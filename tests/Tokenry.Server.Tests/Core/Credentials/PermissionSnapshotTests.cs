using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Credentials;

/// <summary>Issue 13, C.1: what is not named is written down when a credential is made; what grows with its owner says so.</summary>
public sealed class PermissionSnapshotTests(SharedServers servers)
{
    [Theory]
    [BothEngines("api-keys")]
    [BothEngines("tokens")]
    public async Task C01_absent_permissions_are_a_snapshot_of_the_owners_rights(Engine engine, string kind)
    {
        var (admin, made, owner) = await ArrangeAsync(engine, kind);
        var created = await admin.PostAsync($"{owner}/{kind}", new { name = "ci" }).Expect(201);
        AssertJson($$"""[{"api":"{{made.Api.Identifier}}","scopes":["a"]}]""", created.Json.GetProperty("permissions"));
        AssertJson("[]", created.Json.GetProperty("weaknesses"));
        var token = created.Text("token");

        // What the owner gets later, it does not; what the owner loses, it loses, and has again.
        var wider = await admin.CreateRoleAsync([At(made.Api.Identifier, "b")]);
        await admin.PatchAsync(owner, new { roles = new[] { made.Role.Id, wider.Id } }).Expect(200);
        Assert.Equal("insufficient_scope", await admin.CodeAsync(token, made.Api.Identifier, ["b"]));
        await admin.PatchAsync(owner, new { roles = new[] { wider.Id } }).Expect(200);
        Assert.Equal("wrong_api", await admin.CodeAsync(token, made.Api.Identifier, ["a"]));
        await admin.PatchAsync(owner, new { roles = new[] { made.Role.Id } }).Expect(200);
        Assert.Equal("valid", await admin.CodeAsync(token, made.Api.Identifier, ["a"]));
    }

    [Theory]
    [BothEngines("api-keys")]
    [BothEngines("tokens")]
    public async Task C01_owner_says_the_growing_form_aloud_and_is_a_weakness(Engine engine, string kind)
    {
        var (admin, made, owner) = await ArrangeAsync(engine, kind);
        var created = await admin.PostAsync($"{owner}/{kind}", new { name = "ci", permissions = "owner" }).Expect(201);
        Assert.Equal("owner", created.Text("permissions"));
        AssertJson("""["permissions_follow_owner"]""", created.Json.GetProperty("weaknesses"));
        var narrow = await admin.PostAsync($"{owner}/{kind}", new { name = "ci" }).Expect(201);
        var wider = await admin.CreateRoleAsync([At(made.Api.Identifier, "b")]);
        await admin.PatchAsync(owner, new { roles = new[] { made.Role.Id, wider.Id } }).Expect(200);
        Assert.Equal("valid", await admin.CodeAsync(created.Text("token"), made.Api.Identifier, ["a", "b"]));

        var id = owner.Split('/')[^1];
        var weak = await admin.GetAsync($"/v1/credentials?owner={id}&weakness=permissions_follow_owner").Expect(200);
        Assert.Equal([created.Text("id")], Ids(weak));
        await admin.GetAsync("/v1/credentials?weakness=ugly").ExpectFaultAsync("weakness");
        var all = await admin.GetAsync($"/v1/credentials?owner={id}&api={Uri.EscapeDataString(made.Api.Identifier)}").Expect(200);
        Assert.Equal([created.Text("id"), narrow.Text("id")], Ids(all));

        // Both ways by PATCH; null is neither.
        var path = $"/v1/{kind}/{created.Text("id")}";
        await admin.PatchAsync(path, """{"permissions":null}""").ExpectFaultAsync("permissions");
        await admin.PatchAsync(path, new { permissions = "everything" }).ExpectFaultAsync("permissions");
        await admin.PatchAsync(path, new { name = "x" }).Expect(200);
        Assert.Equal("owner", (await admin.GetAsync(path).Expect(200)).Text("permissions"));
        var named = await admin.PatchAsync(path, new { permissions = new[] { At(made.Api.Identifier, "b") } }).Expect(200);
        AssertJson("[]", named.Json.GetProperty("weaknesses"));
        Assert.Equal("insufficient_scope", await admin.CodeAsync(created.Text("token"), made.Api.Identifier, ["a"]));
        Assert.Equal("owner", (await admin.PatchAsync(path, new { permissions = "owner" }).Expect(200)).Text("permissions"));
        Assert.Equal("valid", await admin.CodeAsync(created.Text("token"), made.Api.Identifier, ["a", "b"]));
    }

    [Theory, BothEngines]
    public async Task C01_a_snapshot_may_be_empty_and_never_has_management_rights(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.PersonAsync(Administrator);
        var token = await admin.CreatePersonalAccessTokenAsync(user.Id);
        AssertJson("[]", token.Response.Json.GetProperty("permissions"));
        await admin.With(token.Secret).GetAsync("/v1/users").Expect(403, "insufficient_scope");
    }

    [Theory, BothEngines]
    public async Task C01_what_authenticates_a_client_and_anonymous_keys_have_none(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ClientSecret().PublicKey().Certificate().FederatedIdentity().CreateAsync();
        var anonymous = await admin.CreateApiKeyAsync(made.Application.Id, new { anonymous = true });
        AssertJson("null", anonymous.Response.Json.GetProperty("permissions"));
        AssertJson("[]", anonymous.Response.Json.GetProperty("weaknesses"));
        foreach (
            var credential in (await admin.GetAsync($"/v1/credentials?owner={made.Application.Id}").Expect(200))
                .Json.GetProperty("items")
                .EnumerateArray()
        )
        {
            AssertJson("null", credential.GetProperty("permissions"));
            AssertJson("[]", credential.GetProperty("weaknesses"));
        }

        foreach (var permissions in new object[] { "owner", Array.Empty<object>() })
        {
            await admin
                .PostAsync($"/v1/applications/{made.Application.Id}/secrets", new { name = "x", permissions })
                .ExpectFaultAsync("permissions");
            await admin
                .PostAsync(
                    $"/v1/applications/{made.Application.Id}/api-keys",
                    new
                    {
                        name = "x",
                        anonymous = true,
                        permissions,
                    }
                )
                .ExpectFaultAsync("permissions");
        }
    }

    [Theory, BothEngines]
    public async Task C01_for_oneself_a_snapshot_is_of_the_calling_token_and_only_what_grows_makes_what_grows(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role().CreateAsync();
        var caller = await admin.PersonWithTokenAsync([made.Role.Id], At(made.Api.Identifier, "a"), At(Management, "tokens:own"));
        var own = await caller.Client.PostAsync("/v1/me/tokens", new { name = "x" }).Expect(201);
        AssertJson($$"""[{"api":"{{made.Api.Identifier}}","scopes":["a"]}]""", own.Json.GetProperty("permissions"));
        await caller.Client.PostAsync("/v1/me/tokens", new { name = "x", permissions = "owner" }).Expect(403, "exceeds_own_rights");
        await caller.Client.PatchAsync($"/v1/me/tokens/{own.Text("id")}", new { permissions = "owner" }).Expect(403, "exceeds_own_rights");

        // Also where it would have no more today: tomorrow it would.
        var whole = await admin.PersonWithTokenAsync([made.Role.Id], At(made.Api.Identifier, "a", "b"), At(Management, "tokens:own"));
        await whole.Client.PostAsync("/v1/me/tokens", new { name = "x", permissions = "owner" }).Expect(403, "exceeds_own_rights");
        var grown = await admin.PostAsync($"/v1/users/{whole.Id}/tokens", new { name = "x", permissions = "owner" }).Expect(201);
        await whole
            .Client.PostAsync($"/v1/me/tokens/{grown.Text("id")}/rotate", new { overlap_seconds = 60 })
            .Expect(403, "exceeds_own_rights");
    }

    private async Task<(ApiClient Admin, Created Made, string Owner)> ArrangeAsync(Engine engine, string kind)
    {
        var admin = await servers.AdminAsync(engine);
        var scenario = Scenario.On(admin).Api("a", "b").Role("a");
        if (kind == "tokens")
        {
            var user = await scenario.User(_ => new { password = (string?)null }).CreateAsync();
            return (admin, user, $"/v1/users/{user.User.Id}");
        }

        var application = await scenario.Application().CreateAsync();
        return (admin, application, $"/v1/applications/{application.Application.Id}");
    }

    private static IEnumerable<string> Ids(ApiResponse list) =>
        list.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!);
}
