using Tokenry.Server.Tests.Features.OAuth;

namespace Tokenry.Server.Tests.Features.Verification;

/// <summary>Access tokens for an API with <c>one_time_tokens</c> are good for one verification.</summary>
public sealed class OneTimeTokenTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_token_is_good_once(Engine engine)
    {
        var (admin, client, made) = await ArrangeAsync(engine);
        var token = await client.AccessTokenAsync(made.Client());
        await admin.IntrospectAsync(token).ExpectActive();
        await admin.IntrospectAsync(token).ExpectActive();
        // What is refused for another reason uses nothing up.
        var denied = await admin
            .PostAsync(
                "/v1/verify",
                new
                {
                    token,
                    api = made.Api.Identifier,
                    scopes = new[] { "no:such" },
                }
            )
            .Expect(200);
        Assert.Equal("insufficient_scope", denied.Text("code"));
        Assert.Equal("valid", await admin.VerifyAsync(token, made.Api.Identifier));
        Assert.Equal("proof_replayed", await admin.VerifyAsync(token, made.Api.Identifier));
        Assert.Equal("proof_replayed", await admin.VerifyAsync(token));
        // An API key is used as often as ever.
        Assert.Equal("valid", await admin.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier));
        Assert.Equal("valid", await admin.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier));
    }

    [Theory, BothEngines]
    public async Task Of_many_at_once_one_is_served(Engine engine)
    {
        var (admin, client, made) = await ArrangeAsync(engine);
        var token = await client.AccessTokenAsync(made.Client());
        var codes = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => admin.VerifyAsync(token, made.Api.Identifier)));
        Assert.Single(codes, "valid");
        Assert.Equal(63, codes.Count(code => code == "proof_replayed"));
    }

    [Theory, BothEngines]
    public async Task It_is_used_up_at_every_door(Engine engine)
    {
        var (admin, client, made) = await ArrangeAsync(engine);
        var door = $"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}";
        var token = await client.AccessTokenAsync(made.Client());
        await client.With(token).GetAsync(door).Expect(200);
        var refused = await client.With(token).GetAsync(door).Expect(401, "invalid_token");
        Assert.StartsWith(
            "Bearer realm=\"tokenry\", error=\"invalid_token\"",
            refused.Header("WWW-Authenticate"),
            StringComparison.Ordinal
        );
        Assert.Equal("proof_replayed", await admin.VerifyAsync(token, made.Api.Identifier));
        // Asked without an API, too.
        var another = await client.AccessTokenAsync(made.Client());
        Assert.Equal("valid", await admin.VerifyAsync(another));
        Assert.Equal("proof_replayed", await admin.VerifyAsync(another, made.Api.Identifier));
    }

    [Theory, BothEngines]
    public async Task The_API_says_so_and_may_change_its_mind(Engine engine)
    {
        var (admin, client, made) = await ArrangeAsync(engine);
        Assert.True(made.Api.Response.Json.GetProperty("one_time_tokens").GetBoolean());
        var token = await client.AccessTokenAsync(made.Client());
        Assert.Equal("valid", await admin.VerifyAsync(token, made.Api.Identifier));
        var changed = await admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { one_time_tokens = (bool?)null }).Expect(200);
        Assert.False(changed.Json.GetProperty("one_time_tokens").GetBoolean());
        Assert.Equal("valid", await admin.VerifyAsync(token, made.Api.Identifier));
        Assert.Equal("valid", await admin.VerifyAsync(token, made.Api.Identifier));
    }

    private async Task<(ApiClient Admin, ApiClient Client, Created Made)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api(_ => new { one_time_tokens = true }).ApiKey().ClientSecret().CreateAsync();
        return (admin, await servers.AnonymousAsync(engine), made);
    }
}
