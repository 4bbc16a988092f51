namespace Tokenry.Chaos.Tests.Replicas;

/// <summary>What is good once is good once on all replicas together, and after the worst of restarts (security §2 row 12, design §4).</summary>
public sealed class SingleUseTests
{
    private const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    [Fact]
    public async Task Of_64_parallel_uses_on_two_replicas_exactly_one_wins()
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tokenry:Issuer"] = "https://tokens.example.com" };
        await using var one = await ServerProcess.StartAsync(Engine.Postgres, new ServerOptions { Settings = settings });
        await using var two = await one.StartReplicaAsync();
        var made = await ArrangeAsync(one);
        using var key = made.Key;
        for (var round = 0; round < 10; round++)
        {
            var assertion = key.Assertion(made.ClientId, "https://tokens.example.com");
            var answers = await InParallelAsync(side => TokenAsync(side, assertion, resource: made.Api));
            Assert.Single(answers, answer => answer.Status == 200);
            // A bound token's proof at the door, asked on both sides at once.
            var token = await BoundAsync(one, made, "https://tokens.example.com");
            var proof = key.Proof("GET", made.Api, token);
            var verdicts = await InParallelAsync(side => VerifyAsync(made.Admin.At(side.Address), made, token, proof));
            ExpectOne(verdicts);
            // A signed request, likewise; and a token that is good for one verification.
            var signed = made.Signer.Sign("GET", made.Api);
            ExpectOne(await InParallelAsync(side => VerifySignedAsync(made.Admin.At(side.Address), made, signed)));
            var once = await OneTimeAsync(one, made, "https://tokens.example.com");
            ExpectOne(await InParallelAsync(side => made.Admin.At(side.Address).PostAsync("/v1/verify", new { token = once })));
        }

        static void ExpectOne(ApiResponse[] verdicts)
        {
            Assert.Single(verdicts, verdict => verdict.Text("code") == "valid");
            Assert.Equal(63, verdicts.Count(verdict => verdict.Text("code") == "proof_replayed"));
        }

        Task<ApiResponse[]> InParallelAsync(Func<ApiClient, Task<ApiResponse>> ask) =>
            Task.WhenAll(Enumerable.Range(0, 64).Select(i => ask(i % 2 == 0 ? one.Client() : two.Client())));
    }

    [Theory, BothEngines]
    public async Task A_killed_server_knows_what_it_took(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var made = await ArrangeAsync(server);
        using var key = made.Key;
        var token = await BoundAsync(server, made, server.Address);
        var proof = key.Proof("GET", made.Api, token);
        var assertion = key.Assertion(made.ClientId, server.Address);
        Assert.Equal("valid", (await VerifyAsync(made.Admin, made, token, proof)).Text("code"));
        await TokenAsync(server.Client(), assertion, resource: made.Api).Expect(200);
        var signed = made.Signer.Sign("GET", made.Api);
        Assert.Equal("valid", (await VerifySignedAsync(made.Admin, made, signed)).Text("code"));
        var once = await OneTimeAsync(server, made, server.Address);
        Assert.Equal("valid", (await made.Admin.PostAsync("/v1/verify", new { token = once })).Text("code"));
        server.Kill();
        await server.LaunchAsync();
        Assert.Equal("proof_replayed", (await VerifyAsync(made.Admin, made, token, proof)).Text("code"));
        Assert.Equal("proof_replayed", (await VerifySignedAsync(made.Admin, made, signed)).Text("code"));
        Assert.Equal("valid", (await VerifySignedAsync(made.Admin, made, made.Signer.Sign("GET", made.Api))).Text("code"));
        Assert.Equal("proof_replayed", (await made.Admin.PostAsync("/v1/verify", new { token = once })).Text("code"));
        await TokenAsync(server.Client(), assertion, resource: made.Api).Expect(401);
        await TokenAsync(server.Client(), key.Assertion(made.ClientId, server.Address), resource: made.Api).Expect(200);
    }

    private static Task<ApiResponse> TokenAsync(ApiClient client, string assertion, string? proof = null, string? resource = null) =>
        client.FormAsync(
            "/oauth/token",
            [
                ("grant_type", "client_credentials"),
                ("client_assertion_type", Type),
                ("client_assertion", assertion),
                .. resource is null ? Array.Empty<(string, string)>() : [("resource", resource)],
            ],
            headers: proof is null ? null : new Dictionary<string, string> { ["DPoP"] = proof }
        );

    private static Task<ApiResponse> VerifyAsync(ApiClient admin, Arranged made, string token, string proof) =>
        admin.PostAsync(
            "/v1/verify",
            new
            {
                token,
                api = made.Api,
                method = "GET",
                proof = new { dpop = proof, uri = made.Api },
            }
        );

    private static Task<ApiResponse> VerifySignedAsync(ApiClient admin, Arranged made, Dictionary<string, string> headers) =>
        admin.PostAsync(
            "/v1/verify",
            new
            {
                api = made.Api,
                method = "GET",
                proof = new { headers, uri = made.Api },
            }
        );

    private static async Task<string> OneTimeAsync(ServerProcess server, Arranged made, string issuer)
    {
        var assertion = made.Key.Assertion(made.ClientId, issuer);
        return (await TokenAsync(server.Client(), assertion, resource: made.OneTimeApi).Expect(200)).Text("access_token");
    }

    private static async Task<string> BoundAsync(ServerProcess server, Arranged made, string issuer)
    {
        var proof = made.Key.Proof("POST", issuer + "/oauth/token");
        var issued = await TokenAsync(server.Client(), made.Key.Assertion(made.ClientId, issuer), proof, made.Api).Expect(200);
        return issued.Text("access_token");
    }

    private static async Task<Arranged> ArrangeAsync(ServerProcess server)
    {
        var admin = await server.AdminAsync();
        var made = await Scenario
            .On(admin)
            .Api(_ => new { one_time_tokens = true }, "a")
            .Role()
            .Api()
            .Role()
            .Application()
            .ApiKey(_ => new { request_signing = "required" })
            .CreateAsync();
        var key = ClientKey.Make();
        await admin.CreatePublicKeyAsync(made.Application.Id, key);
        return new Arranged(admin, made.Application.Id, made.Api.Identifier, made.Apis[0].Identifier, key, RequestSigner.Of(made.ApiKey));
    }

    private sealed record Arranged(ApiClient Admin, string ClientId, string Api, string OneTimeApi, ClientKey Key, RequestSigner Signer);
}
