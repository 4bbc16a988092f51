using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Verification;

/// <summary>Who may ask: whoever holds <c>verify</c>, and an application that serves the API.</summary>
public sealed class VerifyCallersTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Without_the_scope_and_serving_no_API_nobody_may_ask(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var member = await admin.PersonWithTokenAsync([]);
        var manager = await admin.CallerAsync("credentials:read", "credentials:write", "introspect", "tokens:own");
        foreach (var client in new[] { member.Client, manager.Client, admin.With(made.ApiKey.Secret) })
        {
            var answer = await client.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier).Expect(403, "insufficient_scope");
            AssertJson("""["verify"]""", answer.Json.GetProperty("missing_scopes"));
            await client.VerifyAsync("x").Expect(403, "insufficient_scope");
        }
        await admin.With(null).VerifyAsync(made.ApiKey.Secret).Expect(401);
        var verifier = await admin.CallerAsync("verify");
        Assert.Equal("valid", await verifier.Client.CodeAsync(made.ApiKey.Secret, made.Api.Identifier));
    }

    [Theory, BothEngines]
    public async Task A_resource_server_asks_about_its_own_API_only_which_is_meant_when_none_is_named(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role("a").ApiKey().CreateAsync();
        var foreign = await admin.CreateApiAsync(["a"]);
        var server = await admin.CreateApplicationAsync([]);
        var door = admin.With((await admin.CreateApiKeyAsync(server.Id)).Secret);
        await door.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier).Expect(403, "insufficient_scope");

        await admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { resource_servers = new[] { server.Id } }).Expect(200);
        Assert.Equal("valid", await door.CodeAsync(made.ApiKey.Secret, made.Api.Identifier, ["a"]));
        Assert.Equal("valid", await door.CodeAsync(made.ApiKey.Secret, scopes: ["a"]));
        Assert.Equal("insufficient_scope", await door.CodeAsync(made.ApiKey.Secret, scopes: ["b"]));
        var implied = await door.VerifyAsync(made.ApiKey.Secret).Expect(200);
        AssertJson("""["a"]""", implied.Json.GetProperty("scopes"));
        Assert.False(implied.Json.TryGetProperty("permissions", out _));
        foreach (var api in new[] { foreign.Identifier, "https://unregistered.example.com", Management })
            await door.VerifyAsync(made.ApiKey.Secret, api).Expect(403, "insufficient_scope");

        // Of two APIs, which one must be said.
        await admin.PatchAsync($"/v1/api-resources/{foreign.Id}", new { resource_servers = new[] { server.Id } }).Expect(200);
        await door.VerifyAsync(made.ApiKey.Secret, scopes: ["a"]).ExpectFaultAsync("api");
        await door.VerifyAsync(made.ApiKey.Secret).ExpectFaultAsync("api");
        Assert.Equal("wrong_api", await door.CodeAsync(made.ApiKey.Secret, foreign.Identifier));

        await admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { resource_servers = (object?)null }).Expect(200);
        await door.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier).Expect(403, "insufficient_scope");
    }

    [Theory, BothEngines]
    public async Task An_anonymous_key_of_a_resource_server_may_not_ask(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var server = await admin.CreateApplicationAsync([]);
        var api = await admin.CreateApiAsync(["a"], new { resource_servers = new[] { server.Id } });
        var anonymous = await admin.CreateApiKeyAsync(server.Id, new { anonymous = true });
        await admin.With(anonymous.Secret).VerifyAsync("x", api.Identifier).Expect(403, "insufficient_scope");
    }

    [Theory, BothEngines]
    public async Task A_resource_server_of_one_API_that_also_holds_verify_means_its_own_when_none_is_named(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a").Role().ApiKey().CreateAsync();
        var role = await admin.CreateRoleAsync([At(Management, "verify")]);
        var server = await admin.CreateApplicationAsync([role.Id]);
        var key = await admin.CreateApiKeyAsync(server.Id, new { permissions = new[] { At(Management, "verify") } });
        await admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { resource_servers = new[] { server.Id } }).Expect(200);
        var door = admin.With(key.Secret);
        Assert.Equal("valid", await door.CodeAsync(made.ApiKey.Secret, scopes: ["a"]));
        Assert.Equal("insufficient_scope", await door.CodeAsync(made.ApiKey.Secret, scopes: ["b"]));
        Assert.Equal("wrong_api", await door.CodeAsync(made.ApiKey.Secret, Management));
    }
}
