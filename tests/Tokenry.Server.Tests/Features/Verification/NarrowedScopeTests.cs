using static Tokenry.Server.Tests.Core.Access.ManagementCalls;
using static Tokenry.Server.Tests.Features.Verification.ForwardAuthTests;

namespace Tokenry.Server.Tests.Features.Verification;

/// <summary>A scope that refuses a kind the API takes: <c>packages:publish</c> without personal access tokens.</summary>
public sealed class NarrowedScopeTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task The_refusal_names_what_is_accepted_at_every_door(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(engine);
        var pat = made.PersonalAccessToken.Secret;
        var answer = await admin.VerifyAsync(pat, made.Api.Identifier, ["packages:publish"]).Expect(200);
        Assert.Equal("credential_kind_not_accepted", answer.Text("code"));
        Assert.Equal(["api_key"], Strings(answer.Json.GetProperty("accepted_credentials")));

        var door = await servers.AnonymousAsync(engine);
        var refused = await door.GetAsync(Path(made, "&scope=packages:publish"), headers: Bearer(pat));
        refused.Expect(403, "credential_kind_not_accepted");
        Assert.Equal(["api_key"], Strings(refused.Json.GetProperty("accepted_credentials")));
        Assert.Equal(
            ["Bearer realm=\"tokenry\", error=\"insufficient_scope\", error_description=\"accepted credentials: api_key\""],
            refused.Headers["WWW-Authenticate"]
        );
        await door.GetAsync(Path(made, "&scope=packages:publish"), headers: Key(made.ApiKey.Secret)).Expect(200);
        await door.GetAsync(Path(made, "&scope=packages:read"), headers: Bearer(pat)).Expect(200);
    }

    [Theory, BothEngines]
    public async Task A_scope_that_a_kind_cannot_use_is_not_among_its_scopes(Engine engine)
    {
        var (admin, made) = await ArrangeAsync(engine);
        var answer = await admin.VerifyAsync(made.PersonalAccessToken.Secret, made.Api.Identifier).Expect(200);
        Assert.Equal(["packages:read"], Strings(answer.Json.GetProperty("scopes")));
        Assert.Equal("insufficient_scope", await admin.CodeAsync(made.PersonalAccessToken.Secret, made.Api.Identifier, ["packages:other"]));
        var me = await admin.With(made.PersonalAccessToken.Secret).GetAsync("/v1/me").Expect(200);
        AssertJson($$"""[{"api":"{{made.Api.Identifier}}","scopes":["packages:read"]}]""", me.Json.GetProperty("permissions"));

        var client = (made.Application.Id, made.ClientSecret.Secret);
        var token = await admin.With(null).FormAsync("/oauth/token", [("grant_type", "client_credentials")], client).Expect(200);
        Assert.Equal("packages:read", token.Text("scope"));
        var refused = await admin
            .With(null)
            .FormAsync("/oauth/token", [("grant_type", "client_credentials"), ("scope", "packages:publish")], client)
            .Expect(400);
        Assert.Equal("invalid_scope", refused.Text("error"));
    }

    [Theory]
    [BothEngines("[]")]
    [BothEngines("""["anonymous_api_key"]""")] // which the API does not accept
    [BothEngines("""["nonsense"]""")]
    [BothEngines("""["api_key","api_key"]""")]
    public async Task A_scope_narrows_to_kinds_that_the_API_accepts(Engine engine, string kinds)
    {
        var admin = await servers.AdminAsync(engine);
        var name = CreateRequests.Unique("narrow");
        await admin
            .PostAsync(
                "/v1/api-resources",
                $$"""{"identifier":"https://{{name}}.example.com","name":"x","scopes":[{"name":"a","accepted_credentials":{{kinds}}}]}"""
            )
            .ExpectFaultAsync("scopes");
    }

    private async Task<(ApiClient Admin, Created Made)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(
                _ => new
                {
                    scopes = new object[]
                    {
                        new { name = "packages:read" },
                        new { name = "packages:publish", accepted_credentials = new[] { "api_key" } },
                    },
                },
                "packages:read",
                "packages:publish"
            )
            .Role()
            .User()
            .PersonalAccessToken()
            .ApiKey()
            .ClientSecret()
            .CreateAsync();
        return (admin, made);
    }
}
