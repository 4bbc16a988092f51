using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Tokenry.Server.Tests.Features.OAuth;
using Tokenry.Server.Tests.Platform.Store;

namespace Tokenry.Server.Tests.Features.Applications;

/// <summary>
/// Anybody may have what an application registered looked at, by naming the application at the token endpoint: there is a bound on how much that may be, and on
/// what a look costs where there is more.
/// </summary>
public sealed class RegistrationCapTests(SharedServers servers)
{
    private const int Most = 100;
    private const int MostRules = 20;

    /// <summary>Of a store that was filled before there was a cap.</summary>
    private const int Excess = 3000;

    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    [Theory, BothEngines]
    public async Task One_public_key_too_many_is_refused_until_another_is_revoked(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var path = $"/v1/applications/{(await admin.CreateApplicationAsync([])).Id}/public-keys";
        using var key = ClientKey.Make();
        var first = await RegisterAsync(0).Expect(201);
        for (var i = 1; i < Most; i++)
            await RegisterAsync(i).Expect(201);
        var refused = await RegisterAsync(Most).Expect(409, "limit_reached");
        Assert.Equal(Most, refused.Json.GetProperty("limit").GetInt32());
        await admin.DeleteAsync($"{path}/{first.Text("id")}").Expect(204);
        await RegisterAsync(Most).Expect(201);
        await RegisterAsync(Most + 1).Expect(409, "limit_reached");

        Task<ApiResponse> RegisterAsync(int number)
        {
            var jwk = key.Jwk;
            jwk["kid"] = $"key-{number}";
            return admin.PostAsync(path, new { name = $"key {number}", jwk });
        }
    }

    [Theory, BothEngines]
    public async Task One_rule_for_certificates_too_many_is_refused_and_certificates_have_a_cap_of_their_own(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var path = $"/v1/applications/{(await admin.CreateApplicationAsync([])).Id}/certificates";
        var authority = new TestAuthority();
        for (var i = 0; i < MostRules; i++)
            await RuleAsync(i).Expect(201);
        Assert.Equal(MostRules, (await RuleAsync(MostRules).Expect(409, "limit_reached")).Json.GetProperty("limit").GetInt32());
        for (var i = MostRules; i < Most; i++)
            await CertificateAsync().Expect(201);
        Assert.Equal(Most, (await CertificateAsync().Expect(409, "limit_reached")).Json.GetProperty("limit").GetInt32());

        Task<ApiResponse> RuleAsync(int number) =>
            admin.PostAsync(
                path,
                new
                {
                    name = $"rule {number}",
                    tls_client_auth = new JsonObject
                    {
                        ["san_dns"] = string.Create(CultureInfo.InvariantCulture, $"host-{number}.example.com"),
                        ["ca_certificates"] = authority.Pem,
                    },
                }
            );

        Task<ApiResponse> CertificateAsync() =>
            admin.PostAsync(path, new { name = "certificate", certificate = TestAuthority.SelfSigned().ExportCertificatePem() });
    }

    /// <summary>
    /// Of thousands, the oldest key still authenticates, and whatever a stranger names has at most one key loaded: memory and processor time do not grow with
    /// what the application has.
    /// </summary>
    [Theory, BothEngines]
    public async Task A_stranger_who_names_an_application_with_thousands_of_keys_has_none_of_them_loaded(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        using var key = ClientKey.Make();
        var made = await Scenario.On(admin).Api().Role().Application().CreateAsync();
        var client = made.Application.Id;
        var oldest = (await admin.CreatePublicKeyAsync(client, key)).Text("id");
        await server.ExecuteAsync(Copies(oldest));
        await server.RestartAsync();
        var stranger = server.Client();
        foreach (var header in new[] { """{"alg":"ES256","typ":"client-authentication+jwt","kid":"none"}""", """{"alg":"ES256"}""" })
        {
            var unsigned = $"{Part(header)}.{Part($$"""{"iss":"{{client}}","sub":"{{client}}"}""")}.{new string('A', 86)}";
            await TokenAsync(stranger, unsigned).ExpectOAuth(401, "invalid_client");
        }

        Assert.Equal(0, await EntriesAsync(server, "registered_credentials"));
        await TokenAsync(stranger, key.Assertion(client, server.Address)).Expect(200);
        Assert.Equal(1, await EntriesAsync(server, "registered_credentials"));
        // One that is revoked is not found any more, whether it is among the newest or not.
        await admin.DeleteAsync($"/v1/applications/{client}/public-keys/{oldest}").Expect(204);
        await TokenAsync(stranger, key.Assertion(client, server.Address)).ExpectOAuth(401, "invalid_client");
    }

    /// <summary>Copies of a key under other names, all newer than it is.</summary>
    private static string Copies(string id)
    {
        var numbers = string.Join(
            ", ",
            Enumerable.Range(0, Excess).Select(i => string.Create(CultureInfo.InvariantCulture, $"('{i:D6}')"))
        );
        return $"""
            INSERT INTO credentials (id, kind, owner_id, name, masked, created_at, material, key_id, state)
            SELECT 'jwk_zzzzzzzzzzzzzzzz' || n.number, kind, owner_id, name, masked, created_at, material, 'copy-' || n.number, state
            FROM credentials, (WITH numbers(number) AS (VALUES {numbers}) SELECT number FROM numbers) AS n WHERE id = '{id}'
            """;
    }

    private static async Task<int> EntriesAsync(ServerProcess server, string cache)
    {
        var mark = $"tokenry_facts_entries{{cache=\"{cache}\"}} ";
        await Task.Delay(Tokenry.Server.Platform.Telemetry.MetricsText.Lifetime + TimeSpan.FromMilliseconds(100));
        var line = (await server.Client().GetAsync("/metrics"))
            .Body.Split('\n')
            .Single(line => line.StartsWith(mark, StringComparison.Ordinal));
        return int.Parse(line[mark.Length..], CultureInfo.InvariantCulture);
    }

    private static string Part(string json) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private static Task<ApiResponse> TokenAsync(ApiClient client, string assertion) =>
        client.FormAsync(
            "/oauth/token",
            [("grant_type", "client_credentials"), ("client_assertion_type", AssertionType), ("client_assertion", assertion)]
        );
}
