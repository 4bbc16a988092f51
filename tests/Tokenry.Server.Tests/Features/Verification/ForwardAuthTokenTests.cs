using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Verification;

/// <summary>Who is given a token at the door for proxies (<c>as=jwt</c>): it has none of the limits of the credential that it is made of.</summary>
public sealed class ForwardAuthTokenTests(SharedServers servers)
{
    public static TheoryData<Engine, string> Limits =>
        new()
        {
            { Engine.Sqlite, """{"allowed_ips":["127.0.0.1"]}""" },
            { Engine.Postgres, """{"allowed_ips":["127.0.0.1"]}""" },
            { Engine.Sqlite, """{"rate_limits":[{"name":"day","limit":3,"window_seconds":86400}]}""" },
            { Engine.Postgres, """{"rate_limits":[{"name":"day","limit":3,"window_seconds":86400}]}""" },
        };

    [Theory, MemberData(nameof(Limits))]
    public async Task Who_calls_the_door_directly_gets_no_token_without_the_limits_of_the_credential(Engine engine, string limits)
    {
        var server = await servers.GetAsync(engine);
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a").ApiKey().ApiKey().CreateAsync();
        var (limited, free) = (made.ApiKeys[0], made.ApiKeys[1]);
        await admin.PatchAsync($"/v1/api-keys/{limited.Id}", limits).Expect(200);
        var door = $"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}&scope=a";
        var refused = await server.Client(limited.Secret).GetAsync(door + "&as=jwt").Expect(400, "invalid_request");
        Assert.Contains("Tokenry:TrustedProxies", refused.Body, StringComparison.Ordinal);
        Assert.Null(refused.Header("X-Tokenry-Jwt"));
        await server.Client(limited.Secret).GetAsync(door).Expect(200);
        Assert.NotNull((await server.Client(free.Secret).GetAsync(door + "&as=jwt").Expect(200)).Header("X-Tokenry-Jwt"));
    }

    [Theory, MemberData(nameof(Limits))]
    public async Task A_listed_proxy_gets_one(Engine engine, string limits)
    {
        var server = await servers.GetAsync(engine, SharedServers.BehindProxy);
        var admin = await servers.AdminAsync(engine, SharedServers.BehindProxy);
        var made = await Scenario.On(admin).Api("a").ApiKey().CreateAsync();
        await admin.PatchAsync($"/v1/api-keys/{made.ApiKey.Id}", limits).Expect(200);
        var answer = await server
            .Client(made.ApiKey.Secret)
            .GetAsync($"/v1/forward-auth?api={Uri.EscapeDataString(made.Api.Identifier)}&scope=a&as=jwt")
            .Expect(200);
        Assert.Equal("valid", await admin.CodeAsync(answer.Header("X-Tokenry-Jwt")!));
    }
}
