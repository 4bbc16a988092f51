namespace Tokenry.Server.Tests.Core.Access;

using static ManagementCalls;

/// <summary>Rights are what they are now: every change is seen by the very next check.</summary>
public sealed class RightsNowTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Demoted_the_token_loses_the_scope_and_with_the_role_back_it_has_it_again(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a").Role().User(_ => new { password = (string?)null }).PersonalAccessToken().CreateAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("valid", await admin.CodeAsync(made.PersonalAccessToken.Secret, made.Api.Identifier, ["a"]));
            await admin.PatchAsync($"/v1/users/{made.User.Id}", new { roles = Array.Empty<string>() }).Expect(200);
            Assert.Equal("wrong_api", await admin.CodeAsync(made.PersonalAccessToken.Secret, made.Api.Identifier, ["a"]));
            await admin.PatchAsync($"/v1/users/{made.User.Id}", new { roles = new[] { made.Role.Id } }).Expect(200);
        }
    }

    [Theory, BothEngines]
    public async Task An_edited_role_and_a_removed_scope_weaken_every_holder(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api("a", "b")
            .Role()
            .ApiKey()
            .ApiKey(made => new { permissions = new[] { At(made.Api.Identifier, "a", "b") } })
            .CreateAsync();
        var role = $"/v1/roles/{made.Role.Id}";
        var api = $"/v1/api-resources/{made.Api.Id}";

        await AssertAsync("a", "b");
        await admin.PatchAsync(role, new { permissions = new[] { At(made.Api.Identifier, "a") } }).Expect(200);
        await AssertAsync("a");
        await admin.PatchAsync(role, new { permissions = new[] { At(made.Api.Identifier, "a", "b") } }).Expect(200);
        await AssertAsync("a", "b");
        await admin.PatchAsync(api, new { scopes = new[] { new { name = "b" } } }).Expect(200);
        await AssertAsync("b");
        // Another scope of the same name.
        await admin.PatchAsync(api, new { scopes = new[] { new { name = "b" }, new { name = "a" } } }).Expect(200);
        await AssertAsync("b");
        await admin.DeleteAsync($"{api}?force=true").Expect(204);
        foreach (var key in made.ApiKeys)
            Assert.Equal("wrong_api", await admin.CodeAsync(key.Secret, made.Api.Identifier));

        async Task AssertAsync(params string[] scopes)
        {
            foreach (var key in made.ApiKeys)
            {
                var answer = await admin.VerifyAsync(key.Secret, made.Api.Identifier).Expect(200);
                Assert.Equal(scopes, Strings(answer.Json.GetProperty("scopes")));
            }
        }
    }

    [Theory, BothEngines]
    public async Task Management_rights_weaken_just_as_fast(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var role = await admin.CreateRoleAsync([At(Management, "users:read", "roles:read")]);
        var person = await admin.PersonWithTokenAsync([role.Id], At(Management, "users:read", "roles:read"));
        await person.Client.GetAsync("/v1/users").Expect(200);
        await admin.PatchAsync($"/v1/roles/{role.Id}", new { permissions = new[] { At(Management, "roles:read") } }).Expect(200);
        await person.Client.GetAsync("/v1/users").Expect(403, "insufficient_scope");
        await person.Client.GetAsync("/v1/roles").Expect(200);
        await admin.PatchAsync($"/v1/tokens/{person.Token.Id}", new { permissions = Array.Empty<object>() }).Expect(200);
        await person.Client.GetAsync("/v1/roles").Expect(403, "insufficient_scope");
        await admin.PostAsync($"/v1/users/{person.Id}/disable").Expect(200);
        await person.Client.GetAsync("/v1/me").Expect(401, "invalid_token");
        await admin.PostAsync($"/v1/users/{person.Id}/enable").Expect(200);
        await person.Client.GetAsync("/v1/me").Expect(200);
        await admin.DeleteAsync($"/v1/users/{person.Id}").Expect(204);
        await person.Client.GetAsync("/v1/me").Expect(401, "invalid_token");
    }

    [Theory, BothEngines]
    public async Task Management_rights_are_had_only_when_named(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var plain = await admin.PersonWithTokenAsync([Administrator], null);
        AssertJson("[]", (await plain.Client.GetAsync("/v1/me").Expect(200)).Json.GetProperty("permissions"));
        foreach (var path in new[] { "/v1/users", "/v1/roles", "/v1/credentials", "/v1/audit", "/v1/me/tokens" })
            await plain.Client.GetAsync(path).Expect(403, "insufficient_scope");
        await plain.Client.PostAsync("/v1/me/tokens", new { name = "x" }).Expect(403, "insufficient_scope");
        var named = await admin.PersonWithTokenAsync([], At(Management, "tokens:own")); // every enabled user is a member
        await named.Client.GetAsync("/v1/me/tokens").Expect(200);
    }
}
