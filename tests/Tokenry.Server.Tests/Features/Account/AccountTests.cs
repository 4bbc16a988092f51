using System.Text.Json;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Account;

public sealed class AccountTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_user_s_token_says_who_it_is_and_what_it_may(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role("a").User(_ => new { password = (string?)null, name = "Ada" }).CreateAsync();
        var token = await admin.CreatePersonalAccessTokenAsync(made.User.Id, new { name = "laptop", expires_at = "2099-01-01T00:00:00Z" });
        AssertJson(
            $$"""
            {"kind":"personal_access_token","credential_id":"{{token.Id}}","masked":"{{token.Response.Text("masked")}}","name":"laptop",
             "subject":"{{made.User.Id}}","label":"Ada · laptop ({{token.Response.Text("masked")}})",
             "user":{"id":"{{made.User.Id}}","name":"Ada"},"organization_id":null,
             "permissions":[{"api":"{{made.Api.Identifier}}","scopes":["a"]}],"expires_at":"2099-01-01T00:00:00Z"}
            """,
            (await admin.With(token.Secret).GetAsync("/v1/me").Expect(200)).Json
        );
    }

    [Theory, BothEngines]
    public async Task An_application_s_keys_say_so_and_an_anonymous_one_has_no_subject(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().ApiKey(_ => new { anonymous = true }).CreateAsync();
        var key = await admin.With(made.ApiKeys[0].Secret).GetAsync("/v1/me").Expect(200);
        Assert.Equal(
            ("api_key", made.Application.Id, made.Application.Id),
            (key.Text("kind"), key.Text("subject"), key.Text("application.id"))
        );
        Assert.False(key.Json.TryGetProperty("user", out _));
        var anonymous = await admin.With(made.ApiKeys[1].Secret).GetAsync("/v1/me").Expect(200);
        Assert.Equal(("anonymous_api_key", made.Application.Id), (anonymous.Text("kind"), anonymous.Text("application.id")));
        Assert.Equal(JsonValueKind.Null, anonymous.Json.GetProperty("subject").ValueKind);
    }

    [Theory, BothEngines]
    public async Task A_credential_shows_itself_without_any_scope(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().ApiKey(_ => new { anonymous = true }).CreateAsync();
        var key = made.ApiKeys[0];
        var own = await admin.With(key.Secret).GetAsync("/v1/me/credential").Expect(200);
        Assert.Equal(key.Id, own.Text("id"));
        Assert.Equal(key.Response.Text("masked"), own.Text("masked"));
        Assert.False(own.Json.TryGetProperty("token", out _));
        // An anonymous key is public, and its record says from where it was used last.
        await admin.With(made.ApiKeys[1].Secret).GetAsync("/v1/me/credential").Expect(403, "credential_kind_not_accepted");
    }

    [Theory, BothEngines]
    public async Task A_credential_rotates_itself_with_an_overlap_that_survives_a_lost_answer(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey(_ => new { expires_at = In(3600) }).CreateAsync();
        var client = admin.With(made.ApiKey.Secret);
        const string Path = "/v1/me/credential/rotate";
        foreach (var overlap in new[] { -1, 0, 59, 2_592_001 })
            await client.PostAsync(Path, new { overlap_seconds = overlap }).ExpectFaultAsync("overlap_seconds");
        await client.PostAsync(Path, "{}").ExpectFaultAsync("overlap_seconds");
        // It cannot make itself live longer.
        await client.PostAsync(Path, new { overlap_seconds = 60, expires_at = In(7200) }).Expect(403, "exceeds_own_rights");
        await client.PostAsync(Path, """{"overlap_seconds":60,"expires_at":null}""").Expect(403, "exceeds_own_rights");

        var key = new Dictionary<string, string> { ["Idempotency-Key"] = "lost" };
        var rotated = await client.PostAsync(Path, new { overlap_seconds = 60 }, key).Expect(200);
        var again = await client.PostAsync(Path, new { overlap_seconds = 60 }, key).Expect(200);
        Assert.Equal(rotated.Body, again.Body);
        Assert.Equal("valid", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier));
        Assert.Equal("valid", await admin.CodeAsync(rotated.Text("token"), made.Api.Identifier));
    }

    [Theory, BothEngines]
    public async Task A_token_limited_to_objects_rotates_itself_although_it_names_management_rights(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.PersonAsync();
        var token = await admin.CreatePersonalAccessTokenAsync(
            user.Id,
            new { permissions = new[] { At(Management, "tokens:own") }, objects = new[] { "repo:a" } }
        );
        var client = admin.With(token.Secret);
        await client.GetAsync("/v1/me/tokens").Expect(403, "insufficient_scope");
        await client.PostAsync("/v1/me/credential/rotate", new { overlap_seconds = 60 }).Expect(200);
    }

    [Theory, BothEngines]
    public async Task A_credential_ends_itself(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var client = admin.With(made.ApiKey.Secret);
        await client.DeleteAsync($"/v1/me/credential?reason={new string('x', 201)}").ExpectFaultAsync("reason");
        await client.DeleteAsync("/v1/me/credential?reason=done%20here").Expect(204);
        await client.DeleteAsync("/v1/me/credential").Expect(401, "invalid_token");
        Assert.Equal("revoked", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier));
        Assert.Equal("done here", (await admin.GetAsync($"/v1/api-keys/{made.ApiKey.Id}").Expect(200)).Text("revoked_reason"));
    }

    [Theory, BothEngines]
    public async Task Without_a_credential_or_with_a_wrong_one_it_is_a_401_with_a_challenge(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        foreach (var path in new[] { "/v1/me", "/v1/me/credential", "/v1/me/tokens" })
        {
            Assert.StartsWith(
                "Bearer",
                (await admin.With(null).GetAsync(path).Expect(401)).Header("WWW-Authenticate"),
                StringComparison.Ordinal
            );
            Assert.Contains(
                "invalid_token",
                (await admin.With("tkr_pat_x").GetAsync(path).Expect(401, "invalid_token")).Header("WWW-Authenticate"),
                StringComparison.Ordinal
            );
        }
    }
}
