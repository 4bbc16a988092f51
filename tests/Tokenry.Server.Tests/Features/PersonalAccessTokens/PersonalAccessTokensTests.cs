using System.Text.Json;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.PersonalAccessTokens;

public sealed class PersonalAccessTokensTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_token_lives_90_days_if_nothing_is_said_and_for_ever_if_null_is(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.PersonAsync();
        var usual = await admin.CreatePersonalAccessTokenAsync(user.Id);
        var life = usual.Response.Time("expires_at") - usual.Response.Time("created_at");
        Assert.InRange(life, TimeSpan.FromDays(90) - TimeSpan.FromSeconds(1), TimeSpan.FromDays(90) + TimeSpan.FromSeconds(1));
        var endless = await admin.PostAsync($"/v1/users/{user.Id}/tokens", """{"name":"ci","expires_at":null}""").Expect(201);
        Assert.Equal(JsonValueKind.Null, endless.Json.GetProperty("expires_at").ValueKind);
    }

    [Theory, BothEngines]
    public async Task A_token_is_made_for_a_user_and_shown_below_each_of_its_addresses(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).PersonalAccessToken().CreateAsync();
        var token = made.PersonalAccessToken;
        Assert.Equal($"/v1/tokens/{token.Id}", token.Response.Header("Location"));
        Assert.Matches("^tkr_pat_[0-9A-Za-z]{71}$", token.Secret);
        AssertMembers(
            token.Response.Json,
            [
                "id",
                "kind",
                "name",
                "masked",
                "owner",
                "permissions",
                "objects",
                "created_at",
                "created_by",
                "created_with",
                "organization_id",
                "expires_at",
                "rotate_every_days",
                "due_at",
                "not_before",
                "allowed_ips",
                "rate_limits",
                "weaknesses",
                "metadata",
                "state",
                "revoked_at",
                "revoked_reason",
                "last_used",
                "previous_expires_at",
                "previous_last_used",
                "token",
            ]
        );
        Assert.Equal("personal_access_token", token.Response.Text("kind"));
        AssertJson($$"""{"type":"user","id":"{{made.User.Id}}"}""", token.Response.Json.GetProperty("owner"));
        var shown = await admin.GetAsync($"/v1/tokens/{token.Id}").Expect(200);
        Assert.Equal(shown.Body, (await admin.GetAsync($"/v1/users/{made.User.Id}/tokens/{token.Id}").Expect(200)).Body);
        await admin.GetAsync($"/v1/me/tokens/{token.Id}").Expect(404, "not_found"); // another's
    }

    [Theory, BothEngines]
    public async Task Ones_own_tokens_inherit_what_the_calling_token_is_limited_to(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role().User().CreateAsync();
        var caller = await admin.CreatePersonalAccessTokenAsync(
            made.User.Id,
            new
            {
                permissions = new[] { At(made.Api.Identifier, "a"), At(Management, "tokens:own") },
                expires_at = In(3600),
                allowed_ips = new[] { "127.0.0.0/8" },
            }
        );
        var own = await admin.With(caller.Secret).PostAsync("/v1/me/tokens", new { name = "child" }).Expect(201);
        Assert.Equal($"/v1/me/tokens/{own.Text("id")}", own.Header("Location"));
        AssertJson($$"""[{"api":"{{made.Api.Identifier}}","scopes":["a"]}]""", own.Json.GetProperty("permissions"));
        AssertJson("""["127.0.0.0/8"]""", own.Json.GetProperty("allowed_ips"));
        Assert.Equal(caller.Response.Text("expires_at"), own.Text("expires_at"));
        Assert.Equal(made.User.Id, own.Text("created_by"));
    }

    [Theory]
    [BothEngines("owner", "\"usr_0000000000000000000001\"")]
    [BothEngines("owner_id", "\"usr_0000000000000000000001\"")]
    [BothEngines("userId", "\"usr_0000000000000000000001\"")]
    [BothEngines("isAdmin", "true")]
    [BothEngines("hash", "\"00\"")]
    [BothEngines("role", "\"administrator\"")]
    [BothEngines("scopes", "[\"users:write\"]")]
    [BothEngines("anonymous", "true")]
    [BothEngines("kind", "\"api_key\"")]
    public async Task Whose_a_token_is_and_what_it_is_are_never_read_from_the_body(Engine engine, string member, string value)
    {
        var admin = await servers.AdminAsync(engine);
        await admin.PostAsync("/v1/me/tokens", $"{{\"name\":\"x\",\"{member}\":{value}}}").ExpectFaultAsync(member);
    }

    [Theory, BothEngines]
    public async Task An_application_has_no_personal_access_tokens(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var application = await admin.CreateApplicationAsync([Administrator]);
        await admin.PostAsync($"/v1/users/{application.Id}/tokens", new { name = "x" }).Expect(404, "not_found");
        var key = await admin.CreateApiKeyAsync(
            application.Id,
            new { permissions = new[] { At(Management, "tokens:own", "credentials:write") } }
        );
        await admin.With(key.Secret).PostAsync("/v1/me/tokens", new { name = "x" }).Expect(404, "not_found");
        var user = await admin.PersonAsync();
        await admin.PostAsync($"/v1/applications/{user.Id}/api-keys", new { name = "x" }).Expect(404, "not_found");
    }
}
