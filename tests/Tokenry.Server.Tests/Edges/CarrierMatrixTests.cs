using System.Text.Json;
using Tokenry.Server.Tests.Features.OAuth;
using Tokenry.Server.Tests.Platform.Http;

namespace Tokenry.Server.Tests.Edges;

/// <summary>The management API takes one credential, in a header, and its carrier decides nothing (contract, Carriers).</summary>
public sealed class CarrierMatrixTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task One_credential_gets_one_decision_in_every_carrier(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var permissions = new[] { new { api = Doors.Api, scopes = new[] { "users:read" } } };
        var made = await Scenario
            .On(admin)
            .ManagementRole("users:read", "audit:read")
            .Application()
            .User(_ => new { password = (string?)null })
            .ApiKey(_ => new { permissions })
            .ApiKey(_ => new { permissions, allowed_ips = new[] { "192.0.2.0/24" } })
            .ClientSecret()
            .PersonalAccessToken(_ => new { permissions })
            .PersonalAccessToken()
            .CreateAsync();
        var accessToken = await admin.With(null).AccessTokenAsync(made.Client(), ("resource", Doors.Api), ("scope", "users:read"));
        await admin.DeleteAsync($"/v1/users/{made.User.Id}/tokens/{made.PersonalAccessTokens[1].Id}").Expect(204);

        (string Credential, string Request, int Status, string Code)[] cases =
        [
            (made.ApiKeys[0].Secret, "GET /v1/users", 200, ""),
            (made.ApiKeys[0].Secret, "GET /v1/audit", 403, "insufficient_scope"),
            (made.ApiKeys[0].Secret, "POST /v1/users", 403, "insufficient_scope"),
            (made.ApiKeys[1].Secret, "GET /v1/users", 401, "invalid_token"),
            (made.PersonalAccessTokens[0].Secret, "GET /v1/users", 200, ""),
            (made.PersonalAccessTokens[0].Secret, "GET /v1/roles", 403, "insufficient_scope"),
            (made.PersonalAccessTokens[1].Secret, "GET /v1/users", 401, "invalid_token"),
            (accessToken, "GET /v1/users", 200, ""),
            (accessToken, "GET /v1/audit", 403, "insufficient_scope"),
            (made.ClientSecret.Secret, "GET /v1/users", 401, "invalid_token"),
            ("junk", "GET /v1/users", 401, "invalid_token"),
            (accessToken[..^1], "GET /v1/users", 401, "invalid_token"),
        ];
        foreach (var (credential, request, status, code) in cases)
        {
            var decision = await new CarrierMatrix(CarrierMatrix.Management, headers => SendAsync(admin, request, headers)).DecideAsync(
                credential
            );
            Assert.Equal((status, code), decision);
        }
    }

    [Fact]
    public async Task Two_carriers_are_400_whatever_they_carry()
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var matrix = new CarrierMatrix(CarrierMatrix.Management, headers => SendAsync(admin, "GET /v1/me", headers));
        await matrix.ExpectPairsRefusedAsync(admin.Bearer!, "junk", "");
    }

    /// <summary>Neither honoured nor written down: what stands in a URL has been logged by everybody else already.</summary>
    [Theory]
    [InlineData("access_token")]
    [InlineData("api_key")]
    [InlineData("Access_Token")]
    [InlineData("api%5Fkey")]
    public async Task A_credential_in_the_query_is_400_and_is_not_logged(string parameter)
    {
        var server = await servers.GetAsync(Engine.Sqlite);
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var canary = await admin.CreatePersonalAccessTokenAsync((await admin.GetAsync("/v1/me").Expect(200)).Text("subject"));
        foreach (var client in new[] { admin.With(null), admin, admin.With(canary.Secret) })
        {
            foreach (var path in new[] { "/v1/me", "/v1/users", "/v1/audit" })
                await client.GetAsync($"{path}?{parameter}={canary.Secret}").Expect(400, "invalid_request");
        }

        // Logs come a moment later; this is behind them.
        await admin.FormAsync("/oauth/revoke?token=x", [("token", "x")]).Expect(400);
        for (var tries = 0; tries < 200 && !Logged("secret_in_url"); tries++)
            await Task.Delay(50);
        Assert.True(Logged("secret_in_url"));
        Assert.False(Logged(canary.Secret[20..60]));

        bool Logged(string text) =>
            server.StandardOutput.Concat(server.StandardError).Any(line => line.Contains(text, StringComparison.Ordinal));
    }

    private static async Task<(int Status, string Answer)> SendAsync(
        ApiClient server,
        string request,
        (string Name, string Value)[] headers
    )
    {
        IEnumerable<string> lines = headers.Select(header => $"{header.Name}: {header.Value}");
        var isPost = request.StartsWith("POST", StringComparison.Ordinal);
        var body = isPost ? """{"email":"a@example.com"}""" : "";
        var response = await RawHttp.SendAsync(
            server,
            request + " HTTP/1.1",
            isPost ? lines.Concat(["Content-Type: application/json", $"Content-Length: {body.Length}"]) : lines,
            body
        );
        if (response.Status < 400)
            return (response.Status, "");
        using var problem = JsonDocument.Parse(response.Body);
        return (response.Status, problem.RootElement.GetProperty("code").GetString()!);
    }
}
