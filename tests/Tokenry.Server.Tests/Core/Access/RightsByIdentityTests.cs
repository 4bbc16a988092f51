using System.Text.Json;
using Tokenry.Server.Tests.Features.OAuth;
using static Tokenry.Server.Tests.Features.Verification.ForwardAuthTests;

namespace Tokenry.Server.Tests.Core.Access;

using static ManagementCalls;

/// <summary>Issue 13, A.5: a grant means the API and the scope it was given for, not whatever has their names later.</summary>
public sealed class RightsByIdentityTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A05_an_API_that_is_deleted_and_registered_again_starts_with_nothing(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(engine);
        var door = await servers.AnonymousAsync(engine);
        var jwt = await door.AccessTokenAsync(made.Client(), ("resource", made.Api.Identifier));
        await ExpectEverywhereAsync(admin, door, made, jwt, "a", "b");

        await admin.DeleteAsync($"/v1/api-resources/{made.Api.Id}?force=true").Expect(204);
        Assert.Equal("wrong_api", await admin.CodeAsync(jwt));
        var again = await RegisterAgainAsync(admin, made, "a", "b");

        Assert.Equal("wrong_api", await admin.CodeAsync(jwt, made.Api.Identifier));
        Assert.Equal("wrong_api", await admin.CodeAsync(jwt));
        await admin.IntrospectAsync(jwt).ExpectInactive();
        await door.IntrospectAsync(jwt, made.Client()).ExpectInactive();
        await door.GetAsync(Path(made), headers: Bearer(jwt)).Expect(401, "invalid_token");
        foreach (var key in made.ApiKeys)
        {
            Assert.Equal("wrong_api", await admin.CodeAsync(key.Secret, made.Api.Identifier));
            await admin.IntrospectAsync(key.Secret).ExpectInactive();
            await door.GetAsync(Path(made), headers: Key(key.Secret)).Expect(401, "invalid_token");
            AssertJson("[]", (await admin.With(key.Secret).GetAsync("/v1/me").Expect(200)).Json.GetProperty("permissions"));
        }

        var refused = await door.TokenAsync(made.Client(), ("resource", made.Api.Identifier)).Expect(400);
        Assert.Equal("invalid_target", refused.Text("error"));
        AssertJson("[]", (await admin.GetAsync($"/v1/roles/{made.Role.Id}").Expect(200)).Json.GetProperty("permissions"));
        AssertJson("[]", (await admin.GetAsync($"/v1/api-keys/{made.ApiKeys[1].Id}").Expect(200)).Json.GetProperty("permissions"));

        // The role gets it anew: what follows the role has it, what named the old API does not, and a new token works at once.
        var all = new { permissions = new[] { At(made.Api.Identifier, "a", "b") } };
        await admin.PatchAsync($"/v1/roles/{made.Role.Id}", all).Expect(200);
        Assert.Equal("valid", await admin.CodeAsync(made.ApiKeys[0].Secret, made.Api.Identifier, ["a", "b"]));
        Assert.Equal("wrong_api", await admin.CodeAsync(made.ApiKeys[1].Secret, made.Api.Identifier));
        Assert.Equal("wrong_api", await admin.CodeAsync(jwt, made.Api.Identifier));
        var fresh = await door.AccessTokenAsync(made.Client(), ("resource", made.Api.Identifier));
        Assert.Equal("valid", await admin.CodeAsync(fresh, made.Api.Identifier, ["a", "b"]));
        Assert.NotEqual(made.Api.Id, again.Text("id"));
    }

    [Theory, BothEngines]
    public async Task A05_a_scope_that_is_removed_and_added_again_is_another(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(engine);
        var door = await servers.AnonymousAsync(engine);
        var jwt = await door.AccessTokenAsync(made.Client(), ("resource", made.Api.Identifier));
        var api = $"/v1/api-resources/{made.Api.Id}";
        await admin.PatchAsync(api, Scopes("b")).Expect(200);
        await ExpectEverywhereAsync(admin, door, made, jwt, "b");
        await admin.PatchAsync(api, Scopes("a", "b", "c")).Expect(200);
        await ExpectEverywhereAsync(admin, door, made, jwt, "b");
        // Neither an update that says nothing of permissions nor a rotation revives it.
        await admin.PatchAsync($"/v1/roles/{made.Role.Id}", new { description = "x" }).Expect(200);
        foreach (var key in made.ApiKeys)
            await admin.PatchAsync($"/v1/api-keys/{key.Id}", new { name = "x" }).Expect(200);
        await ExpectEverywhereAsync(admin, door, made, jwt, "b");
        AssertJson(
            $$"""[{"api":"{{made.Api.Identifier}}","scopes":["b"]}]""",
            (await admin.GetAsync($"/v1/roles/{made.Role.Id}").Expect(200)).Json.GetProperty("permissions")
        );
        var shown = await admin.GetAsync($"/v1/api-keys/{made.ApiKeys[1].Id}").Expect(200);
        AssertJson($$"""[{"api":"{{made.Api.Identifier}}","scopes":["b"]}]""", shown.Json.GetProperty("permissions"));

        await admin.PatchAsync($"/v1/roles/{made.Role.Id}", new { permissions = new[] { At(made.Api.Identifier, "a", "b") } }).Expect(200);
        Assert.Equal(["a", "b"], await ScopesAsync(admin, made.ApiKeys[0].Secret, made));
        Assert.Equal(["b"], await ScopesAsync(admin, made.ApiKeys[1].Secret, made));
        Assert.Equal(["b"], await ScopesAsync(admin, jwt, made));
        var fresh = await door.AccessTokenAsync(made.Client(), ("resource", made.Api.Identifier));
        Assert.Equal(["a", "b"], await ScopesAsync(admin, fresh, made));
    }

    [Theory, BothEngines]
    public async Task A05_a_scope_that_stays_keeps_its_grants_whatever_comes_and_goes_beside_it(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(engine);
        var api = $"/v1/api-resources/{made.Api.Id}";
        string[][] states =
        [
            ["c", "a", "b"],
            ["a", "b"],
            ["b", "a"],
            ["a", "c", "b", "d"],
            ["a", "b"],
        ];
        foreach (var state in states)
        {
            await admin.PatchAsync(api, Scopes(state)).Expect(200);
            foreach (var key in made.ApiKeys)
                Assert.Equal(["a", "b"], await ScopesAsync(admin, key.Secret, made));
        }

        await admin.PatchAsync(api, new { name = "Renamed" }).Expect(200);
        Assert.Equal(["a", "b"], await ScopesAsync(admin, made.ApiKeys[1].Secret, made));
    }

    [Theory, BothEngines]
    public async Task A05_an_API_in_use_is_not_deleted_without_force(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(engine);
        var exchanger = await admin.CreateApplicationAsync([], new { token_exchange_audiences = new[] { made.Api.Identifier } });
        var revoked = await admin.CreateApiKeyAsync(made.Application.Id);
        await admin.DeleteAsync($"/v1/api-keys/{revoked.Id}").Expect(204);
        var api = $"/v1/api-resources/{made.Api.Id}";

        var refused = await admin.DeleteAsync(api).Expect(409, "in_use");
        AssertJson(
            $$"""
            {
              "roles": {"count":1,"items":["{{made.Role.Id}}"]},
              "credentials": {"count":1,"items":["{{made.ApiKeys[1].Id}}"]},
              "applications": {"count":1,"items":["{{exchanger.Id}}"]}
            }
            """,
            refused.Json.GetProperty("used_by")
        );
        await admin.DeleteAsync($"{api}?force=false").Expect(409, "in_use");
        await admin.DeleteAsync($"{api}?force=perhaps").Expect(400);
        Assert.Equal("valid", await admin.CodeAsync(made.ApiKeys[1].Secret, made.Api.Identifier, ["a"]));

        await admin.DeleteAsync($"{api}?force=true").Expect(204);
        await admin.DeleteAsync(api).Expect(204);
        AssertJson("[]", (await admin.GetAsync($"/v1/roles/{made.Role.Id}").Expect(200)).Json.GetProperty("permissions"));
        AssertJson("[]", (await admin.GetAsync($"/v1/api-keys/{made.ApiKeys[1].Id}").Expect(200)).Json.GetProperty("permissions"));
        var stripped = await admin.GetAsync($"/v1/applications/{exchanger.Id}").Expect(200);
        Assert.Equal(JsonValueKind.Null, stripped.Json.GetProperty("token_exchange_audiences").ValueKind);

        var deletions = await admin.GetAsync($"/v1/audit?target={made.Api.Id}&action=api_resource.deleted").Expect(200);
        Assert.Contains(
            deletions.Json.GetProperty("items").EnumerateArray(),
            deletion => deletion.GetProperty("reason").GetString() == "removed from 1 roles, 1 credentials and 1 applications"
        );
        foreach (var (id, member) in new[] { (made.Role.Id, "permissions"), (exchanger.Id, "token_exchange_audiences") })
        {
            var told = await admin.ToldAsync($"target={id}");
            Assert.Equal($"{made.Api.Id} was deleted", told.GetProperty("reason").GetString());
            var change = Assert.Single(told.GetProperty("changes").EnumerateArray());
            Assert.Equal(member, change.GetProperty("member").GetString());
            Assert.Contains(made.Api.Identifier, change.GetProperty("before").GetRawText(), StringComparison.Ordinal);
        }

        // Credentials are named once, together.
        AssertJson(
            $$"""[{"member":"credentials","before":{"count":1,"items":["{{made.ApiKeys[1].Id}}"]},"after":null}]""",
            (await admin.GetAsync($"/v1/audit?target={made.Api.Id}&action=api_resource.deleted").Expect(200))
                .Json.GetProperty("items")
                .EnumerateArray()
                .Single(deletion => deletion.GetProperty("reason").ValueKind == JsonValueKind.String)
                .GetProperty("changes")
        );
    }

    [Theory, BothEngines]
    public async Task A9_a_token_whose_id_lies_ahead_opens_no_API_that_came_after_it(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(engine);
        var token = await AheadAsync(admin, made);
        await admin.DeleteAsync($"/v1/api-resources/{made.Api.Id}?force=true").Expect(204);
        await RegisterAgainAsync(admin, made, "a", "b");
        var role = new { permissions = new[] { At(made.Api.Identifier, "a", "b") } };
        await admin.PatchAsync($"/v1/roles/{made.Role.Id}", role).Expect(200);
        Assert.Equal("wrong_api", await admin.CodeAsync(token, made.Api.Identifier));
        await admin.IntrospectAsync(token).ExpectInactive();

        // What is bought now is good.
        var secret = await admin.CreateClientSecretAsync(made.Application.Id);
        var fresh = await admin.With(null).AccessTokenAsync((made.Application.Id, secret.Secret), ("resource", made.Api.Identifier));
        Assert.Equal("valid", await admin.CodeAsync(fresh, made.Api.Identifier, ["a"]));
    }

    [Theory, BothEngines]
    public async Task A9_a_token_whose_id_lies_ahead_has_no_scope_that_came_after_it(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(engine);
        var token = await AheadAsync(admin, made);
        var api = $"/v1/api-resources/{made.Api.Id}";
        await admin.PatchAsync(api, Scopes("b")).Expect(200);
        await admin.PatchAsync(api, Scopes("a", "b")).Expect(200);
        var role = new { permissions = new[] { At(made.Api.Identifier, "a", "b") } };
        await admin.PatchAsync($"/v1/roles/{made.Role.Id}", role).Expect(200);
        Assert.Equal(["b"], await ScopesAsync(admin, token, made));
    }

    [Theory, BothEngines]
    public async Task A9_a_token_whose_id_lies_ahead_ends_with_all_that_was_issued_before(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(engine);
        var token = await AheadAsync(admin, made);
        var path = $"/v1/applications/{made.Application.Id}/revoke-all";
        await admin.PostAsync(path, new { issued_before = In(0) }).Expect(200);
        Assert.Equal("revoked", await admin.CodeAsync(token));
    }

    [Theory, BothEngines]
    public async Task A9_a_token_whose_id_lies_ahead_is_told_from_one_of_the_newest_secret(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ManagementRole("credentials:write").Application().ClientSecret().CreateAsync();
        var path = $"/v1/applications/{made.Application.Id}/secrets/{made.ClientSecret.Id}/rotate";
        var rotated = await admin.PostAsync(path, new { overlap_seconds = 0 }).Expect(200);
        var client = (made.Application.Id, rotated.Text("client_secret"));
        var token = await admin.With(null).AccessTokenAsync(client, ("resource", Management));
        // The secret that bought it is superseded, for a second that ends before its id says.
        await admin.PostAsync(path, new { overlap_seconds = 1 }).Expect(200);
        await admin.With(token).PostAsync(path, new { overlap_seconds = 60 }).Expect(409, "secret_superseded");
    }

    /// <summary>A token that is bought right after a rotation without overlap.</summary>
    private static async Task<string> AheadAsync(ApiClient admin, Created made)
    {
        var path = $"/v1/applications/{made.Application.Id}/secrets/{made.ClientSecret.Id}/rotate";
        var rotated = await admin.PostAsync(path, new { overlap_seconds = 0 }).Expect(200);
        var token = await admin
            .With(null)
            .AccessTokenAsync((made.Application.Id, rotated.Text("client_secret")), ("resource", made.Api.Identifier));
        Assert.Equal("valid", await admin.CodeAsync(token, made.Api.Identifier, ["a"]));
        return token;
    }

    [Theory, BothEngines]
    public async Task A05_an_API_that_nothing_uses_goes_at_once(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api("a")
            .Role()
            .ApiKey(made => new { permissions = new[] { At(made.Api.Identifier, "a") } })
            .CreateAsync();
        await admin.PatchAsync($"/v1/roles/{made.Role.Id}", new { permissions = Array.Empty<object>() }).Expect(200);
        await admin.DeleteAsync($"/v1/api-keys/{made.ApiKey.Id}").Expect(204);
        await admin.DeleteAsync($"/v1/api-resources/{made.Api.Id}").Expect(204);
    }

    [Theory, BothEngines]
    public async Task A05_a_token_of_a_deleted_API_is_exchanged_for_nothing(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var exchange = await Exchange.ArrangeAsync(admin);
        var token = await exchange.TokenAsync(exchange.Pat);
        await admin.DeleteAsync($"/v1/api-resources/{exchange.Made.Api.Id}?force=true").Expect(204);
        await RegisterAgainAsync(admin, exchange.Made, "invoices:read", "invoices:write");
        var permission = At(exchange.Api, "invoices:read", "invoices:write");
        await admin.PatchAsync($"/v1/roles/{exchange.Made.Role.Id}", new { permissions = new[] { permission } }).Expect(200);
        await admin
            .PatchAsync($"/v1/applications/{exchange.Service.Id}", new { token_exchange_audiences = new[] { exchange.Api } })
            .Expect(200);
        await exchange.ExpectNotAcceptableAsync(exchange.SendAsync(token), "subject_token_of_another");
    }

    /// <summary>A key that follows its application, one that names a and b, and a client secret; the role allows both.</summary>
    private async Task<(ApiClient Admin, Created Made)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api("a", "b")
            .Role()
            .ApiKey(_ => new { permissions = "owner" })
            .ApiKey(made => new { permissions = new[] { At(made.Api.Identifier, "a", "b") } })
            .ClientSecret()
            .CreateAsync();
        return (admin, made);
    }

    private static Task<ApiResponse> RegisterAgainAsync(ApiClient admin, Created made, params string[] scopes) =>
        admin
            .PostAsync(
                "/v1/api-resources",
                new
                {
                    identifier = made.Api.Identifier,
                    name = "Again",
                    scopes = scopes.Select(name => new { name }),
                }
            )
            .Expect(201);

    private static object Scopes(params string[] names) => new { scopes = names.Select(name => new { name }) };

    private static async Task<string[]> ScopesAsync(ApiClient admin, string token, Created made) =>
        Strings((await admin.VerifyAsync(token, made.Api.Identifier).Expect(200)).Json.GetProperty("scopes"));

    private static async Task ExpectEverywhereAsync(ApiClient admin, ApiClient door, Created made, string jwt, params string[] scopes)
    {
        foreach (var secret in made.ApiKeys.Select(key => key.Secret).Append(jwt))
        {
            Assert.Equal(scopes, await ScopesAsync(admin, secret, made));
            Assert.Equal(string.Join(' ', scopes), (await admin.IntrospectAsync(secret).ExpectActive()).Text("scope"));
            var passed = await door.GetAsync(Path(made), headers: secret == jwt ? Bearer(secret) : Key(secret)).Expect(200);
            Assert.Equal(string.Join(' ', scopes), passed.Header("X-Tokenry-Scopes"));
        }
    }
}
