namespace Tokenry.Server.Tests.Core.Access;

using static ManagementCalls;

/// <summary>Nobody makes, edits, rotates or assigns what is stronger than they are.</summary>
public sealed class MintingRuleTests(SharedServers servers)
{
    /// <summary>Each row: what a user with a, b and tokens:own asks for with a token limited in that way.</summary>
    [Theory]
    [BothEngines("""{"permissions":[{"api":"API","scopes":["a"]}]}""", 201)]
    [BothEngines("""{"permissions":[{"api":"API","scopes":[]}]}""", 201)]
    [BothEngines("""{}""", 201)]
    [BothEngines("""{"permissions":[{"api":"API","scopes":["a","b"]}]}""", 403)]
    [BothEngines("""{"permissions":[{"api":"API","scopes":["b"]}]}""", 403)]
    [BothEngines("""{"permissions":[{"api":"API","scopes":["c"]}]}""", 403)] // not even the owner's
    [BothEngines("""{"permissions":[{"api":"urn:tokenry:management","scopes":["tokens:own"]}]}""", 201)]
    [BothEngines("""{"permissions":[{"api":"urn:tokenry:management","scopes":["verify"]}]}""", 403)] // the owner's, not the token's
    [BothEngines("""{"permissions":[{"api":"urn:tokenry:management","scopes":["users:write"]}]}""", 403)]
    [BothEngines("""{"expires_at":null}""", 403)]
    [BothEngines("""{"expires_at":"LATER"}""", 403)]
    [BothEngines("""{"expires_at":"SOONER"}""", 201)]
    [BothEngines("""{"allowed_ips":["127.0.0.0/16"]}""", 201)]
    [BothEngines("""{"allowed_ips":["127.0.0.0/7"]}""", 403)]
    [BothEngines("""{"allowed_ips":["127.0.0.1","10.0.0.1"]}""", 403)]
    [BothEngines("""{"allowed_ips":["0.0.0.0/0"]}""", 403)]
    [BothEngines("""{"allowed_ips":["::/0"]}""", 403)]
    public async Task For_oneself_it_stays_within_the_calling_token(Engine engine, string members, int status)
    {
        var admin = await servers.AdminAsync(engine);
        var caller = await LimitedAsync(admin);
        var body = $"{{\"name\":\"x\"{(members == "{}" ? "" : ",")}{Fill(members, caller.Api)[1..]}";
        var answer = await caller.Client.PostAsync("/v1/me/tokens", body).Expect(status);
        if (status == 201)
        {
            Assert.NotEqual("valid", await admin.CodeAsync(answer.Text("token"), caller.Api, ["b"], ip: "127.0.0.1"));
            return;
        }

        Assert.StartsWith("exceeds_", answer.Text("code"), StringComparison.Ordinal);
        // By way of an update it is refused as well, and so is the other route to the same collection.
        var own = await caller.Client.PostAsync("/v1/me/tokens", new { name = "narrow" }).Expect(201);
        await caller.Client.PatchAsync($"/v1/me/tokens/{own.Text("id")}", Fill(members, caller.Api)).Expect(403, answer.Text("code"));
        await caller.Client.PatchAsync($"/v1/tokens/{own.Text("id")}", Fill(members, caller.Api)).Expect(403, answer.Text("code"));
        await caller.Client.PostAsync($"/v1/users/{caller.UserId}/tokens", body).Expect(403, answer.Text("code"));
    }

    [Theory, BothEngines]
    public async Task Ones_own_stronger_token_can_be_neither_rotated_nor_widened_with_a_weaker_one(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var caller = await LimitedAsync(admin);
        var strong = await admin.CreatePersonalAccessTokenAsync(caller.UserId);
        var path = $"/v1/me/tokens/{strong.Id}";
        await caller.Client.PostAsync(path + "/rotate", new { overlap_seconds = 0 }).Expect(403, "exceeds_own_rights");
        await caller.Client.PatchAsync(path, new { name = "mine" }).Expect(403, "exceeds_own_rights");
        Assert.Equal("valid", await admin.CodeAsync(strong.Secret, caller.Api, ["b"]));
        await caller.Client.DeleteAsync(path).Expect(204); // to end it is always right
    }

    [Theory, BothEngines]
    public async Task For_others_it_stays_within_the_owners_rights(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role("a").Application().CreateAsync();
        var issuer = await admin.CallerAsync("credentials:write");
        var collection = $"/v1/applications/{made.Application.Id}/api-keys";
        var wide = new { name = "x", permissions = new[] { At(made.Api.Identifier, "a", "b") } };
        await issuer.Client.PostAsync(collection, wide).Expect(403, "exceeds_owner_rights");
        await admin.PostAsync(collection, wide).Expect(403, "exceeds_owner_rights");
        var key = await issuer
            .Client.PostAsync(collection, new { name = "x", permissions = new[] { At(made.Api.Identifier, "a") } })
            .Expect(201);
        await issuer
            .Client.PatchAsync($"/v1/api-keys/{key.Text("id")}", new { permissions = new[] { At(made.Api.Identifier, "b") } })
            .Expect(403, "exceeds_owner_rights");
        Assert.Equal("valid", await admin.CodeAsync(key.Text("token"), made.Api.Identifier, ["a"]));
    }

    [Theory, BothEngines]
    public async Task No_management_right_is_given_that_the_caller_lacks(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var issuer = await admin.CallerAsync("credentials:write", "users:read");
        var strong = await admin.CreateRoleAsync([At(Management, "users:read", "users:write")]);
        var user = await admin.PersonAsync(strong.Id);
        var application = await admin.CreateApplicationAsync([strong.Id]);
        var beyond = new { name = "x", permissions = new[] { At(Management, "users:write") } };
        var within = new { name = "x", permissions = new[] { At(Management, "users:read") } };
        foreach (
            var (collection, item) in new[]
            {
                ($"/v1/users/{user.Id}/tokens", "/v1/tokens"),
                ($"/v1/applications/{application.Id}/api-keys", "/v1/api-keys"),
            }
        )
        {
            await issuer.Client.PostAsync(collection, beyond).Expect(403, "exceeds_own_rights");
            var made = await issuer.Client.PostAsync(collection, within).Expect(201);
            await issuer.Client.PatchAsync($"{item}/{made.Text("id")}", new { beyond.permissions }).Expect(403, "exceeds_own_rights");
            await issuer.Client.PostAsync($"{item}/{made.Text("id")}/rotate", new { overlap_seconds = 0 }).Expect(200);

            var theirs = await admin.PostAsync(collection, beyond).Expect(201);
            var path = $"{item}/{theirs.Text("id")}";
            await issuer.Client.PostAsync(path + "/rotate", new { overlap_seconds = 0 }).Expect(403, "exceeds_own_rights");
            await issuer.Client.PatchAsync(path, new { name = "y" }).Expect(403, "exceeds_own_rights");
            Assert.Equal("valid", await admin.CodeAsync(theirs.Text("token"), Management, ["users:write"]));
        }
        // A client secret buys tokens for all its application may do.
        await issuer.Client.PostAsync($"/v1/applications/{application.Id}/secrets", new { name = "x" }).Expect(403, "exceeds_own_rights");
        var secret = await admin.CreateClientSecretAsync(application.Id);
        await issuer
            .Client.PostAsync($"/v1/applications/{application.Id}/secrets/{secret.Id}/rotate", new { overlap_seconds = 0 })
            .Expect(403, "exceeds_own_rights");
    }

    [Theory, BothEngines]
    public async Task A_disabled_owner_is_as_strong_as_it_will_be_once_enabled(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var issuer = await admin.CallerAsync("credentials:write");
        var strong = await admin.CreateRoleAsync([At(Management, "users:write")]);
        var user = await admin.PersonAsync(strong.Id);
        var application = await admin.CreateApplicationAsync([strong.Id]);
        var token = await admin.CreatePersonalAccessTokenAsync(user.Id, new { permissions = new[] { At(Management, "users:write") } });
        await admin.PostAsync($"/v1/users/{user.Id}/disable").Expect(200);
        await admin.PostAsync($"/v1/applications/{application.Id}/disable").Expect(200);
        await issuer.Client.PostAsync($"/v1/applications/{application.Id}/secrets", new { name = "x" }).Expect(403, "exceeds_own_rights");
        await issuer.Client.PostAsync($"/v1/tokens/{token.Id}/rotate", new { overlap_seconds = 0 }).Expect(403, "exceeds_own_rights");
        await admin.PatchAsync($"/v1/tokens/{token.Id}", new { name = "renamed while its owner is away" }).Expect(200);
    }

    [Theory, BothEngines]
    public async Task What_a_disabled_owner_will_have_again_can_be_given_meanwhile(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a").Role().Application().CreateAsync();
        await admin.PostAsync($"/v1/applications/{made.Application.Id}/disable").Expect(200);
        var key = await admin.CreateApiKeyAsync(
            made.Application.Id,
            new { permissions = new[] { new { api = made.Api.Identifier, scopes = new[] { "a" } } } }
        );
        Assert.NotEqual("valid", await admin.CodeAsync(key.Secret, made.Api.Identifier, ["a"]));
        await admin.PostAsync($"/v1/applications/{made.Application.Id}/enable").Expect(200);
        Assert.Equal("valid", await admin.CodeAsync(key.Secret, made.Api.Identifier, ["a"]));
    }

    [Theory, BothEngines]
    public async Task With_a_right_over_all_credentials_ones_own_still_stay_within_the_calling_token(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role().ManagementRole("credentials:write").User().CreateAsync();
        var narrow = await admin.CreatePersonalAccessTokenAsync(
            made.User.Id,
            new { permissions = new[] { At(made.Api.Identifier, "a"), At("urn:tokenry:management", "credentials:write") } }
        );
        Task<ApiResponse> Ask(string scope) =>
            admin
                .With(narrow.Secret)
                .PostAsync($"/v1/users/{made.User.Id}/tokens", new { name = "x", permissions = new[] { At(made.Api.Identifier, scope) } });
        await Ask("a").Expect(201);
        await Ask("b").Expect(403, "exceeds_own_rights");
    }

    [Theory, BothEngines]
    public async Task Roles_are_made_edited_and_assigned_within_the_callers_management_rights(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var manager = await admin.CallerAsync("roles:write", "users:write", "applications:write", "users:read");
        var strong = await admin.CreateRoleAsync([At(Management, "audit:read")]);
        var weak = await admin.CreateRoleAsync([At(Management, "users:read")]);
        var user = await admin.PersonAsync();
        var client = manager.Client;

        await client
            .PostAsync("/v1/roles", new { name = CreateRequests.Unique("r"), permissions = new[] { At(Management, "audit:read") } })
            .Expect(403, "exceeds_own_rights");
        await client
            .PatchAsync($"/v1/roles/{weak.Id}", new { permissions = new[] { At(Management, "users:read", "audit:read") } })
            .Expect(403, "exceeds_own_rights");
        await client.PatchAsync($"/v1/roles/{strong.Id}", new { permissions = Array.Empty<object>() }).Expect(403, "exceeds_own_rights");
        await client.PatchAsync($"/v1/roles/{strong.Id}", new { name = CreateRequests.Unique("r") }).Expect(403, "exceeds_own_rights");
        await client.DeleteAsync($"/v1/roles/{strong.Id}").Expect(403, "exceeds_own_rights");
        foreach (var role in new[] { strong.Id, Administrator, Auditor })
        {
            var roles = new[] { role };
            await client
                .PostAsync("/v1/users", new { email = $"{CreateRequests.Unique("u")}@example.com", roles })
                .Expect(403, "exceeds_own_rights");
            await client.PatchAsync($"/v1/users/{user.Id}", new { roles }).Expect(403, "exceeds_own_rights");
            await client.PostAsync("/v1/applications", new { name = "x", roles }).Expect(403, "exceeds_own_rights");
        }
        await client.PatchAsync($"/v1/users/{user.Id}", new { roles = new[] { weak.Id } }).Expect(200);
        await client.PatchAsync($"/v1/users/{manager.Id}", new { roles = new[] { Administrator } }).Expect(403, "exceeds_own_rights");
    }

    [Theory, BothEngines]
    public async Task Nobody_touches_a_stronger_principal(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var manager = await admin.CallerAsync("users:write", "applications:write");
        var user = await admin.PersonAsync(Administrator);
        var application = await admin.CreateApplicationAsync([Auditor]);
        foreach (var path in new[] { $"/v1/users/{user.Id}", $"/v1/applications/{application.Id}" })
        {
            await manager.Client.PatchAsync(path, new { name = "x" }).Expect(403, "exceeds_own_rights");
            await manager.Client.PatchAsync(path, new { roles = Array.Empty<string>() }).Expect(403, "exceeds_own_rights");
            await manager.Client.PostAsync(path + "/disable").Expect(403, "exceeds_own_rights");
            await manager.Client.PostAsync(path + "/enable").Expect(403, "exceeds_own_rights");
            await manager.Client.DeleteAsync(path).Expect(403, "exceeds_own_rights");
        }
        await manager.Client.PatchAsync($"/v1/users/{user.Id}", new { email = "other@example.com" }).Expect(403, "exceeds_own_rights");
        Assert.Equal(user.Response.Body, (await admin.GetAsync($"/v1/users/{user.Id}").Expect(200)).Body);
    }

    [Theory, BothEngines]
    public async Task The_one_call_gives_no_more_than_its_parts_would(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["a"]);
        var quick = new
        {
            name = "x",
            api = api.Identifier,
            scopes = new[] { "a" },
        };
        var management = new
        {
            name = "x",
            api = Management,
            scopes = new[] { "users:write" },
        };

        var issuer = await admin.CallerAsync("credentials:write");
        await issuer.Client.PostAsync("/v1/api-keys", quick).Expect(403, "insufficient_scope"); // may not register
        // Registering only one's own is bounded by one's own rights, whatever other right comes with it.
        var both = await admin.CallerAsync("credentials:write", "applications:own");
        await both.Client.PostAsync("/v1/api-keys", quick).Expect(403, "exceeds_own_rights");
        var developer = await admin.CallerAsync("applications:own");
        await developer.Client.PostAsync("/v1/api-keys", quick).Expect(403, "exceeds_own_rights");
        var registrar = await admin.CallerAsync("credentials:write", "applications:write");
        await registrar.Client.PostAsync("/v1/api-keys", quick).Expect(201);
        await registrar.Client.PostAsync("/v1/api-keys", management).Expect(403, "exceeds_own_rights");
    }

    private sealed record Limited(string UserId, string Api, ApiClient Client);

    /// <summary>The user may do a, b, verify and tokens:own; the token a and tokens:own, from 127.0.0.0/8, for an hour.</summary>
    private static async Task<Limited> LimitedAsync(ApiClient admin)
    {
        var made = await Scenario
            .On(admin)
            .Api("a", "b", "c")
            .Role("a", "b")
            .ManagementRole("verify")
            .User(_ => new { password = (string?)null })
            .CreateAsync();
        var token = await admin.CreatePersonalAccessTokenAsync(
            made.User.Id,
            new
            {
                permissions = new[] { At(made.Api.Identifier, "a"), At(Management, "tokens:own") },
                allowed_ips = new[] { "127.0.0.0/8" },
                expires_at = In(3600),
            }
        );
        return new Limited(made.User.Id, made.Api.Identifier, admin.With(token.Secret));
    }

    private static string Fill(string members, string api) =>
        members
            .Replace("API", api, StringComparison.Ordinal)
            .Replace("LATER", In(7200), StringComparison.Ordinal)
            .Replace("SOONER", In(60), StringComparison.Ordinal);
}
