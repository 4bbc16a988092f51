using System.Globalization;

namespace Tokenry.Server.Tests.Features.OAuth.ClientAuthentication;

/// <summary>Sixty failures per (client, network), then 429; nobody can lock a client out by failing for it.</summary>
public sealed class FailureThrottleTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Failures_beyond_sixty_are_429_and_the_right_secret_still_works(Engine engine)
    {
        var client = await servers.AnonymousAsync(engine);
        var made = await Scenario.On(await servers.AdminAsync(engine)).ClientSecret().CreateAsync();
        var wrong = (made.Application.Id, "wrong");
        var failures = 0;
        ApiResponse response;
        while ((response = await client.TokenAsync(wrong)).Status == 401)
            Assert.True(++failures < 200, "no 429 after 200 failures");

        Assert.True(failures >= 60, $"429 after {failures} failures");
        await Task.FromResult(response).ExpectOAuth(429, "temporarily_unavailable");
        Assert.InRange(int.Parse(response.Header("Retry-After")!, CultureInfo.InvariantCulture), 1, 60);

        await client.TokenAsync(made.Client()).Expect(200);
        await client.RevokeAsync("unknown", made.Client()).Expect(200);
        await client.TokenAsync(($"app_{Guid.NewGuid():N}", "x")).ExpectOAuth(401, "invalid_client");
        foreach (var path in new[] { "/oauth/introspect", "/oauth/revoke" })
            await TooManyAsync(client, path, wrong);
    }

    /// <summary>Guesses in parallel are counted one by one (§2 row 46).</summary>
    [Fact]
    public async Task Parallel_failures_are_counted_exactly()
    {
        var client = await servers.AnonymousAsync(Engine.Sqlite);
        var id = $"app_{Guid.NewGuid():N}";
        var started = DateTimeOffset.UtcNow;
        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => client.TokenAsync((id, "guess"))));
        var seconds = (int)Math.Ceiling((DateTimeOffset.UtcNow - started).TotalSeconds);
        Assert.InRange(answers.Count(answer => answer.Status == 401), 60, 60 + seconds);
        Assert.All(answers, answer => Assert.True(answer.Status is 401 or 429));
    }

    // The bucket may have won a token back in the meantime: one more failure, and it is empty again.
    private static async Task TooManyAsync(ApiClient client, string path, (string, string) wrong)
    {
        for (var tries = 0; (await client.FormAsync(path, [("token", "x")], wrong)).Status != 429; tries++)
            Assert.True(tries < 20, $"{path} is not throttled");
    }
}
