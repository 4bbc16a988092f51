using System.Diagnostics;
using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Replicas;

/// <summary>R11 for two: what one replica took back, the other refuses within a second.</summary>
public sealed class RevocationAcrossReplicasTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    [Fact, Trait(Stage.Name, Stage.Plain)]
    public async Task What_one_takes_back_the_other_refuses_within_a_second()
    {
        await using var one = await ServerProcess.StartAsync(Engine.Postgres);
        await using var two = await one.StartReplicaAsync();
        var here = await one.AdminAsync();
        var there = here.At(two.Address);
        var made = await Scenario.On(here).Api("invoices:read").Role().Application().User().CreateAsync();
        var delays = new List<TimeSpan>();

        for (var round = 0; round < 40; round++)
        {
            var key = await here.CreateApiKeyAsync(made.Application.Id);
            await CodeIsAsync(there, key.Secret, "valid");
            await here.DeleteAsync($"/v1/api-keys/{key.Id}").Expect(204);
            Assert.Equal("revoked", await CodeAsync(here, key.Secret));
            delays.Add(await CodeIsAsync(there, key.Secret, "revoked"));
        }
        for (var round = 0; round < 10; round++)
        {
            var token = await here.CreatePersonalAccessTokenAsync(made.User.Id);
            await CodeIsAsync(there, token.Secret, "valid", made.Api.Identifier);
            await here.PostAsync($"/v1/tokens/{token.Id}/disable").Expect(200);
            delays.Add(await CodeIsAsync(there, token.Secret, "disabled"));
            await here.PostAsync($"/v1/tokens/{token.Id}/enable").Expect(200);
            delays.Add(await CodeIsAsync(there, token.Secret, "valid", made.Api.Identifier));
            await here.PatchAsync($"/v1/users/{made.User.Id}", new { roles = Array.Empty<string>() }).Expect(200);
            delays.Add(await CodeIsAsync(there, token.Secret, "wrong_api", made.Api.Identifier));
            await here.PatchAsync($"/v1/users/{made.User.Id}", new { roles = new[] { made.Role.Id } }).Expect(200);
            delays.Add(await CodeIsAsync(there, token.Secret, "valid", made.Api.Identifier));
        }

        delays.Sort();
        output.WriteLine(
            $"{delays.Count} changes seen by the other replica: median {delays[delays.Count / 2].TotalMilliseconds:0} ms, "
                + $"worst {delays[^1].TotalMilliseconds:0} ms"
        );
        Assert.True(delays[^1] <= Limit, $"the slowest took {delays[^1]}");
    }

    [Fact]
    public async Task Also_a_revoked_access_token()
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tokenry:Issuer"] = "https://tokens.example.com" };
        await using var one = await ServerProcess.StartAsync(Engine.Postgres, new ServerOptions { Settings = settings });
        await using var two = await one.StartReplicaAsync();
        var here = await one.AdminAsync();
        var made = await Scenario.On(here).ClientSecret().CreateAsync();
        var client = (made.Application.Id, made.ClientSecret.Secret);
        var jwt = (await two.Client().FormAsync("/oauth/token", [("grant_type", "client_credentials")], client).Expect(200)).Text(
            "access_token"
        );
        await CodeIsAsync(here, jwt, "valid", made.Api.Identifier);
        await CodeIsAsync(here.At(two.Address), jwt, "valid", made.Api.Identifier);
        await one.Client().FormAsync("/oauth/revoke", [("token", jwt)], client).Expect(200);
        Assert.Equal("revoked", await CodeAsync(here, jwt, made.Api.Identifier));
        var delay = await CodeIsAsync(here.At(two.Address), jwt, "revoked", made.Api.Identifier);
        Assert.True(delay <= Limit, $"took {delay}");
    }

    private static async Task<TimeSpan> CodeIsAsync(ApiClient client, string token, string expected, string? api = null)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var code = await CodeAsync(client, token, api);
            if (code == expected)
                return waited.Elapsed;
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(5), $"{code}, not {expected}, after {waited.Elapsed}");
            await Task.Delay(2);
        }
    }

    private static async Task<string> CodeAsync(ApiClient client, string token, string? api = null)
    {
        object body = api is null ? new { token } : new { token, api };
        return (await client.PostAsync("/v1/verify", body).Expect(200)).Text("code");
    }
}
