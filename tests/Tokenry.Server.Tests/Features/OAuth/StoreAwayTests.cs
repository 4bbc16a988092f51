using System.Globalization;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>
/// While the database is away the form endpoints say so: 503 with Retry-After, never a 401 or 400 that makes a client throw away good
/// credentials, and never a 200 for a revocation that did not happen (RFC 7009 §2.2.1). Keys and metadata come from memory.
/// </summary>
public sealed class StoreAwayTests
{
    [Fact]
    public async Task Form_endpoints_answer_503_while_the_store_is_away_and_recover()
    {
        await using var cluster = await PostgresCluster.StartPrivateAsync(fsync: false);
        await using var server = await ServerProcess.StartAsync(
            Engine.Postgres,
            new ServerOptions { ConnectionString = await cluster.CreateDatabaseAsync() }
        );
        var admin = await server.AdminAsync();
        var client = server.Client();
        var made = await Scenario.On(admin).ClientSecret().ApiKey().CreateAsync();
        var token = await client.AccessTokenAsync(made.Client());
        await cluster.StopAsync(immediate: true);

        await ExpectUnavailableAsync(client.RevokeAsync(token, made.Client()));
        await ExpectUnavailableAsync(client.RevokeAsync(made.ApiKey.Secret, made.Client()));
        await UntilStaleAsync(client, made);
        foreach (var path in new[] { "/oauth/token", "/oauth/introspect", "/oauth/revoke" })
            await ExpectUnavailableAsync(client.FormAsync(path, [("grant_type", "client_credentials"), ("token", token)], made.Client()));
        await ExpectUnavailableAsync(admin.IntrospectAsync(token));
        await client.GetAsync("/.well-known/jwks.json").Expect(200);
        await client.GetAsync("/.well-known/oauth-authorization-server").Expect(200);
        await client.FormAsync("/oauth/token", [("a", "1"), ("a", "2")]).ExpectOAuth(400, "invalid_request"); // wrong without any store

        await cluster.StartAgainAsync();
        for (var tries = 0; (await client.TokenAsync(made.Client())).Status != 200; tries++)
        {
            Assert.True(tries < 200, "no recovery");
            await Task.Delay(50);
        }
        await client.IntrospectAsync(token, made.Client()).ExpectActive(); // the revocation was refused, so it did not happen
    }

    /// <summary>Facts may be served from memory for five seconds after the last good poll; then everything is asked of the store.</summary>
    private static async Task UntilStaleAsync(ApiClient client, Created made)
    {
        ApiResponse response;
        for (var tries = 0; (response = await client.TokenAsync(made.Client())).Status == 200; tries++)
        {
            Assert.True(tries < 400, "still served from memory after 20 s");
            await Task.Delay(50);
        }
        await ExpectUnavailableAsync(Task.FromResult(response));
    }

    private static async Task ExpectUnavailableAsync(Task<ApiResponse> answering)
    {
        var response = await answering.ExpectOAuth(503, "temporarily_unavailable");
        Assert.InRange(int.Parse(response.Header("Retry-After")!, CultureInfo.InvariantCulture), 1, 60);
    }
}
