using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Verification;

/// <summary>
/// The contract's precedence. Each fault is put on one key together with all the faults that come after it, so that every code is
/// seen winning against everything below it.
/// </summary>
public sealed class VerifyPrecedenceTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Each_fault_wins_against_all_that_come_later(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(_ => new { object_types = new[] { "repo" } }, "read", "write")
            .Role("read")
            .Application()
            .ApiKey(made => new
            {
                permissions = new[] { At(made.Api.Identifier, "read") },
                objects = new[] { "repo:acme/*" },
                allowed_ips = new[] { "10.0.0.0/8" },
            })
            .CreateAsync();
        var (key, api) = (made.ApiKey, $"/v1/api-resources/{made.Api.Id}");
        var path = $"/v1/api-keys/{key.Id}";
        var owner = $"/v1/applications/{made.Application.Id}";

        // From the last to the first; nothing is repaired on the way up.
        Assert.Equal("valid", await AskAsync(["read"], "repo:acme/web", "10.1.2.3"));
        Assert.Equal("object_not_allowed", await AskAsync(["read"], "repo:other/web", "10.1.2.3"));
        Assert.Equal("insufficient_scope", await AskAsync(["read", "write"], "repo:other/web", "10.1.2.3"));
        Assert.Equal("ip_not_allowed", await AskAsync(["read", "write"], "repo:other/web", "192.0.2.1"));
        await admin.PatchAsync(api, new { accepted_credentials = new[] { "access_token" } }).Expect(200);
        Assert.Equal("credential_kind_not_accepted", await WorstAsync());
        await admin.PatchAsync($"/v1/roles/{made.Role.Id}", new { permissions = Array.Empty<object>() }).Expect(200);
        Assert.Equal("wrong_api", await WorstAsync());
        await admin.PatchAsync(path, new { permissions = "owner", expires_at = In(-5) }).Expect(200);
        Assert.Equal("expired", await WorstAsync());
        await admin.PatchAsync(path, new { expires_at = (object?)null, not_before = In(600) }).Expect(200);
        Assert.Equal("not_yet_valid", await WorstAsync());
        await admin.PostAsync(owner + "/disable").Expect(200);
        Assert.Equal("owner_disabled", await WorstAsync());
        await admin.PostAsync(path + "/disable").Expect(200);
        Assert.Equal("disabled", await WorstAsync());
        await admin.DeleteAsync(path).Expect(204);
        Assert.Equal("revoked", await WorstAsync());

        Task<string> WorstAsync() => AskAsync(["read", "write"], "repo:other/web", "192.0.2.1");
        Task<string> AskAsync(string[] scopes, string @object, string ip) =>
            admin.CodeAsync(key.Secret, made.Api.Identifier, scopes, @object, ip);
    }

    [Theory, BothEngines]
    public async Task A_refusal_says_two_things_only(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        await admin.DeleteAsync($"/v1/api-keys/{made.ApiKey.Id}").Expect(204);
        AssertJson("""{"valid":false,"code":"revoked"}""", (await admin.VerifyAsync(made.ApiKey.Secret).Expect(200)).Json);
        AssertJson("""{"valid":false,"code":"malformed"}""", (await admin.VerifyAsync("x").Expect(200)).Json);
    }

    [Theory]
    [BothEngines("")]
    [BothEngines("x")]
    [BothEngines("Bearer x")]
    [BothEngines("tkr_key_")]
    [BothEngines("tkr_rt_02x5WlL3bRI7WJsw0Y1MYl003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2fe0b3")]
    [BothEngines("acme_key_02x5WlL3bRI7WJsw0Y1MYl003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2fe0b3")]
    [BothEngines("tkr_key_02x5WlL3bRI7WJsw0Y1MYl003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2fe0b4")]
    [BothEngines(" tkr_key_02x5WlL3bRI7WJsw0Y1MYl003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2fe0b3")]
    [BothEngines("eyJhbGciOiJub25lIn0.e30.")]
    [BothEngines("🔑")]
    [BothEngines("a\0b")]
    public async Task What_has_not_the_form_of_a_credential_is_malformed(Engine engine, string token)
    {
        var admin = await servers.AdminAsync(engine);
        Assert.Equal("malformed", await admin.CodeAsync(token));
        Assert.Equal("malformed", await admin.CodeAsync(token, "https://unregistered.example.com"));
    }

    [Theory, BothEngines]
    public async Task What_is_longer_than_any_credential_is_malformed(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        Assert.Equal("malformed", await admin.CodeAsync(new string('x', 100_000)));
    }

    [Theory, BothEngines]
    public async Task An_unknown_id_is_unknown(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        // The contract's vector: well-formed, never issued.
        Assert.Equal("unknown", await admin.CodeAsync("tkr_key_02x5WlL3bRI7WJsw0Y1MYl003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2fe0b3"));
    }

    [Theory, BothEngines]
    public async Task An_API_without_rights_and_one_that_is_not_registered_are_the_wrong_one(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var other = await admin.CreateApiAsync(["read"]);
        foreach (
            var api in new[]
            {
                other.Identifier,
                "https://unregistered.example.com",
                made.Api.Identifier + "/",
                made.Api.Identifier.ToUpperInvariant(),
                "",
                Management, // management rights only when named
            }
        )
            Assert.Equal("wrong_api", await admin.CodeAsync(made.ApiKey.Secret, api));
        Assert.Equal("wrong_api", await admin.CodeAsync(made.ApiKey.Secret, other.Identifier, ["read"], "repo:x", "192.0.2.1"));
    }

    [Theory, BothEngines]
    public async Task A_client_secret_opens_no_API(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ClientSecret().CreateAsync();
        Assert.Equal("credential_kind_not_accepted", await admin.CodeAsync(made.ClientSecret.Secret, made.Api.Identifier));
        Assert.Equal("credential_kind_not_accepted", await admin.CodeAsync(made.ClientSecret.Secret));
        await admin.With(made.ClientSecret.Secret).GetAsync("/v1/me").Expect(401, "invalid_token");
    }

    [Theory, BothEngines]
    public async Task Each_kind_is_accepted_only_where_it_is_listed(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Role().User(_ => new { password = (string?)null }).PersonalAccessToken().ApiKey().CreateAsync();
        var anonymous = await admin.CreateApiKeyAsync(made.Application.Id, new { anonymous = true });
        (string Kind, string Secret)[] all =
        [
            ("personal_access_token", made.PersonalAccessToken.Secret),
            ("api_key", made.ApiKey.Secret),
            ("anonymous_api_key", anonymous.Secret),
        ];
        foreach (var accepted in all)
        {
            await admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { accepted_credentials = new[] { accepted.Kind } }).Expect(200);
            foreach (var (kind, secret) in all)
            {
                var expected = kind == accepted.Kind ? "valid" : "credential_kind_not_accepted";
                Assert.Equal(expected, await admin.CodeAsync(secret, made.Api.Identifier));
            }
        }
    }

    [Theory, BothEngines]
    public async Task An_anonymous_key_names_its_application_and_has_no_scope(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(_ => new { accepted_credentials = new[] { "anonymous_api_key" } }, "read")
            .Role()
            .ApiKey(_ => new { anonymous = true, allowed_ips = new[] { "10.0.0.0/8" } })
            .CreateAsync();
        var answer = await admin.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier, ip: "10.0.0.1").Expect(200);
        AssertJson(
            $$"""
            {"valid":true,"code":"valid","kind":"anonymous_api_key","credential_id":"{{made.ApiKey.Id}}","subject":null,
             "application_id":"{{made.Application.Id}}","organization_id":null,"scopes":[],"objects":null,"expires_at":null,"metadata":null}
            """,
            answer.Json
        );
        Assert.Equal("insufficient_scope", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier, ["read"], ip: "10.0.0.1"));
        Assert.Equal("ip_not_allowed", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier, ["read"]));
    }
}
