using Tokenry.Server.Tests.Contracts;
using Tokenry.Server.Tests.Core.Access;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.PersonalAccessTokens;

/// <summary>The scopes of a product whose settings page shows its users' tokens: they open these tokens and nothing else.</summary>
public sealed class UsersTokensTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task They_make_show_change_and_end_the_tokens_of_any_user(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["read", "write"]);
        var role = await admin.CreateRoleAsync([At(api.Identifier, "read")]);
        var user = await admin.PersonAsync(role.Id);
        var writer = (await admin.CallerAsync("users.tokens:write")).Client;
        var reader = (await admin.CallerAsync("users.tokens:read")).Client;
        var made = await writer
            .PostAsync($"/v1/users/{user.Id}/tokens", new { name = "laptop", permissions = new[] { At(api.Identifier, "read") } })
            .Expect(201);
        var id = made.Text("id");
        Assert.Equal("valid", await admin.CodeAsync(made.Text("token"), api.Identifier, ["read"]));
        await reader.GetAsync($"/v1/users/{user.Id}/tokens/{id}").Expect(200);
        Assert.Equal(
            [id],
            (await reader.GetAsync($"/v1/users/{user.Id}/tokens").Expect(200))
                .Json.GetProperty("items")
                .EnumerateArray()
                .Select(item => item.GetProperty("id").GetString())
        );
        await writer.PatchAsync($"/v1/tokens/{id}", new { name = "desk" }).Expect(200);
        await writer.PostAsync($"/v1/tokens/{id}/disable").Expect(200);
        await writer.PostAsync($"/v1/tokens/{id}/enable").Expect(200);
        await writer.PostAsync($"/v1/tokens/{id}/rotate", new { overlap_seconds = 0 }).Expect(200);
        await writer.DeleteAsync($"/v1/tokens/{id}?descendants=revoke").Expect(403, "insufficient_scope");
        await writer.DeleteAsync($"/v1/tokens/{id}").Expect(204);
        await reader.PostAsync($"/v1/users/{user.Id}/tokens", new { name = "x" }).Expect(403, "insufficient_scope");
        await writer.GetAsync($"/v1/tokens/{id}").Expect(403, "insufficient_scope");

        // No more than the user has, and no management right that the caller lacks.
        await writer
            .PostAsync($"/v1/users/{user.Id}/tokens", new { name = "x", permissions = new[] { At(api.Identifier, "write") } })
            .Expect(403, "exceeds_owner_rights");
        var administrator = await admin.PersonAsync(Administrator);
        await writer
            .PostAsync($"/v1/users/{administrator.Id}/tokens", new { name = "x", permissions = new[] { At(Management, "users:read") } })
            .Expect(403, "exceeds_own_rights");
    }

    [Theory, BothEngines]
    public async Task They_open_no_other_route(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var caller = (await admin.CallerAsync("users.tokens:read", "users.tokens:write")).Client;
        var opened = new List<string>();
        foreach (var route in (await Route.OfCallersAsync()).Where(route => route.Access.Needs.Count > 0))
        {
            var target = route.HasTarget ? await Actor.ForeignAsync(route, admin) : Target.Nobody;
            var answer = await Call.To(route, target).SendAsync(caller);
            if (answer.Status is >= 200 and < 300)
                opened.Add(route.ToString());
            else if (answer.Status == 500)
                Assert.Fail($"{route}: {answer.Body}");
        }

        Assert.All(opened, route => Assert.Contains("/tokens", route, StringComparison.Ordinal));
        Assert.NotEmpty(opened);
    }
}
