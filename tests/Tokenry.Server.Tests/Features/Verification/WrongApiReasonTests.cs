using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Verification;

/// <summary>D.8: <c>wrong_api</c> says which it is, to a caller who may know of every API and every owner; a resource server learns the code alone.</summary>
public sealed class WrongApiReasonTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Each_is_named_for_who_may_verify_and_for_no_resource_server(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a").Role("a").ApiKey().ClientSecret().CreateAsync();
        var other = await admin.CreateApiAsync(["x"]);
        var verifier = (await admin.CallerAsync("verify")).Client;
        var key = made.ApiKey.Secret;
        await ExpectAsync("no_such_api", key, "https://unregistered.example.com");
        await ExpectAsync("no_role", key, other.Identifier);
        await ExpectAsync(
            "other_audience",
            await OAuth.OAuthRequests.AccessTokenAsync(admin.With(null), OAuth.OAuthRequests.Client(made)),
            other.Identifier
        );

        var elsewhere = await admin.CreateRoleAsync([new { api = other.Identifier, scopes = new[] { "x" } }]);
        var narrow = new { permissions = new[] { new { api = made.Api.Identifier, scopes = new[] { "a" } } } };
        var named = (await admin.CreateApiKeyAsync(made.Application.Id, narrow)).Secret;
        await admin.PatchAsync($"/v1/applications/{made.Application.Id}", new { roles = new[] { made.Role.Id, elsewhere.Id } }).Expect(200);
        await ExpectAsync("not_permitted", named, other.Identifier);

        await admin.PatchAsync($"/v1/applications/{made.Application.Id}", new { roles = new[] { elsewhere.Id } }).Expect(200);
        await ExpectAsync("role_removed", named, made.Api.Identifier);

        var server = await admin.CreateApplicationAsync([]);
        await admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { resource_servers = new[] { server.Id } }).Expect(200);
        var door = admin.With((await admin.CreateApiKeyAsync(server.Id)).Secret);
        var told = await door.VerifyAsync(named, made.Api.Identifier).Expect(200);
        AssertJson("""{"valid":false,"code":"wrong_api"}""", told.Json);

        async Task ExpectAsync(string reason, string token, string api)
        {
            var answer = await verifier.VerifyAsync(token, api).Expect(200);
            AssertJson($$"""{"valid":false,"code":"wrong_api","reason":"{{reason}}"}""", answer.Json);
            var batch = await verifier.PostAsync("/v1/verify/batch", new { items = new[] { new { token, api } } }).Expect(200);
            AssertJson($$"""[{"valid":false,"code":"wrong_api","reason":"{{reason}}"}]""", batch.Json.GetProperty("items"));
        }
    }
}
