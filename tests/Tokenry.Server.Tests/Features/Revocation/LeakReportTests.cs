using System.Security.Cryptography;
using System.Text;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Revocation;

/// <summary>For whoever finds a secret: anybody, and secret scanners that sign what they send.</summary>
public sealed class LeakReportTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Anybody_who_has_the_string_ends_it_and_learns_nothing(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a").Role().User().PersonalAccessToken().ApiKey().ClientSecret().CreateAsync();
        var token = await admin
            .With(null)
            .FormAsync("/oauth/token", [("grant_type", "client_credentials")], (made.Application.Id, made.ClientSecret.Secret))
            .Expect(200);
        var anybody = await servers.AnonymousAsync(engine);
        foreach (
            var found in new[]
            {
                token.Text("access_token"), // before the secret that bought it
                made.PersonalAccessToken.Secret,
                made.ApiKey.Secret,
                made.ClientSecret.Secret,
                made.ApiKey.Secret, // once more
                "tkr_key_garbage",
                "",
                new string('x', 20_000),
            }
        )
        {
            var answer = await anybody.PostAsync("/v1/credentials/revoke", new { token = found }).Expect(202);
            Assert.Equal("{}", answer.Body);
        }

        Assert.Equal("revoked", await admin.CodeAsync(token.Text("access_token")));
        foreach (var (credential, path) in new[] { (made.ApiKey, "api-keys"), (made.PersonalAccessToken, "tokens") })
        {
            Assert.Equal("revoked", await admin.CodeAsync(credential.Secret));
            var record = await admin.GetAsync($"/v1/{path}/{credential.Id}").Expect(200);
            Assert.Equal("reported as leaked", record.Text("revoked_reason")); // which its owner sees
            var told = (await admin.GetAsync($"/v1/audit?target={credential.Id}&actor=anonymous").Expect(200)).Json.GetProperty("items");
            Assert.EndsWith(".revoked", Assert.Single(told.EnumerateArray()).GetProperty("action").GetString(), StringComparison.Ordinal);
        }
    }

    [Theory, BothEngines]
    public async Task A_secret_that_is_superseded_already_ends_nothing(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var rotated = await admin.PostAsync($"/v1/api-keys/{made.ApiKey.Id}/rotate", new { overlap_seconds = 0 }).Expect(200);
        await admin.With(null).PostAsync("/v1/credentials/revoke", new { token = made.ApiKey.Secret }).Expect(202);
        Assert.Equal("valid", await admin.CodeAsync(rotated.Text("token")));
    }

    [Theory, BothEngines]
    public async Task Reports_of_what_is_none_are_slowed(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var made = await Scenario.On(await server.AdminAsync()).ApiKey().CreateAsync();
        var statuses = new List<int>();
        for (var i = 0; i < 80; i++)
            statuses.Add((await server.Client().PostAsync("/v1/credentials/revoke", new { token = $"x{i}" })).Status);
        Assert.Equal(429, statuses[^1]);
        Assert.All(statuses.Take(60), status => Assert.Equal(202, status));
        // Not looked at before there is patience again, or the answer would tell.
        await EventuallyAsync(
            async () => (await server.Client().PostAsync("/v1/credentials/revoke", new { token = made.ApiKey.Secret })).Status == 202,
            "taken"
        );
        Assert.Equal("revoked", await (await server.AdminAsync()).CodeAsync(made.ApiKey.Secret));
    }

    [Theory]
    [BothEngines("revoke", "revoked")]
    [BothEngines("report", "valid")]
    public async Task A_scanner_learns_which_were_ours_and_policy_says_what_happens(Engine engine, string policy, string code)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var server = await StartAsync(engine, key, policy);
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).Api("a").Role().User().PersonalAccessToken().ApiKey().CreateAsync();
        var body = System.Text.Json.JsonSerializer.Serialize(
            new object[]
            {
                new
                {
                    token = made.ApiKey.Secret,
                    type = "tokenry_api_key",
                    url = $"https://git.example.com/a/b?x={made.ApiKey.Secret}",
                    source = "commit",
                },
                new
                {
                    token = "tkr_key_nonsense",
                    type = "tokenry_api_key",
                    url = "",
                    source = "commit",
                },
                new { token = made.PersonalAccessToken.Secret },
            }
        );
        var answer = await SendAsync(server, body, Sign(key, body)).Expect(200);
        Assert.Equal(
            ["true_positive", "false_positive", "true_positive"],
            answer.Json.EnumerateArray().Select(item => item.GetProperty("label").GetString()!)
        );
        Assert.Equal(
            Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(made.ApiKey.Secret))),
            answer.Json[0].GetProperty("token_hash").GetString()
        );
        Assert.Equal(code, await admin.CodeAsync(made.ApiKey.Secret));
        var told = (await admin.GetAsync($"/v1/audit?target={made.ApiKey.Id}&actor=anonymous").Expect(200)).Json.GetProperty("items")[0];
        Assert.Equal(policy == "revoke" ? "api_key.revoked" : "api_key.leak_reported", told.GetProperty("action").GetString());
        Assert.Contains("https://git.example.com/a/b?x=***", told.GetProperty("reason").GetString(), StringComparison.Ordinal);
        await SendAsync(server, body, Sign(key, body)).Expect(200); // a batch that is sent again changes nothing
    }

    [Theory, BothEngines]
    public async Task Only_a_listed_key_over_these_bytes_counts(Engine engine)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var server = await StartAsync(engine, key, "revoke");
        var made = await Scenario.On(await server.AdminAsync()).ApiKey().CreateAsync();
        var body = $$"""[{"token":"{{made.ApiKey.Secret}}"}]""";
        foreach (
            var (signature, name) in new[]
            {
                (Sign(other, body), "scanner"),
                (Sign(key, body + " "), "scanner"),
                (Sign(key, body), "another"),
                (Sign(key, body), ""),
                ("", "scanner"),
                ("!!!", "scanner"),
                (Convert.ToBase64String(key.SignData(Encoding.UTF8.GetBytes(body), HashAlgorithmName.SHA256)), "scanner"), // not DER
            }
        )
        {
            var answer = await SendAsync(server, body, signature, name);
            answer.Expect(401, "invalid_token");
            Assert.NotNull(answer.Header("WWW-Authenticate"));
        }

        Assert.Equal("valid", await (await server.AdminAsync()).CodeAsync(made.ApiKey.Secret));
    }

    [Theory, BothEngines]
    public async Task Without_a_listed_key_there_is_no_such_route(Engine engine)
    {
        var door = await servers.AnonymousAsync(engine);
        (await door.PostAsync("/v1/credentials/leaks", "[]")).Expect(404, "not_found");
    }

    private static Task<ServerProcess> StartAsync(Engine engine, ECDsa key, string policy) =>
        ServerProcess.StartAsync(
            engine,
            new ServerOptions
            {
                Settings = new Dictionary<string, string?>(StringComparer.Ordinal)
                {
                    ["Tokenry:LeakReports:Keys:scanner"] = Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()),
                    ["Tokenry:LeakReports:Policy"] = policy,
                },
            }
        );

    private static string Sign(ECDsa key, string body) =>
        Convert.ToBase64String(key.SignData(Encoding.UTF8.GetBytes(body), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

    private static Task<ApiResponse> SendAsync(ServerProcess server, string body, string signature, string key = "scanner") =>
        server
            .Client()
            .PostAsync(
                "/v1/credentials/leaks",
                body,
                new Dictionary<string, string> { ["Github-Public-Key-Identifier"] = key, ["Github-Public-Key-Signature"] = signature }
            );
}
