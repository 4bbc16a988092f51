using System.Text;

namespace Tokenry.Server.Tests.Contracts;

/// <summary>
/// What each kind of credential may do at each door, measured by requests: a table that a reviewer reads. The API takes every kind, so a cell that refuses does so because
/// of the kind or of the credential's own terms.
/// </summary>
public sealed class CapabilitiesTests(SharedServers servers)
{
    private const string Golden = "capabilities.txt";
    private const string Exchange = "urn:ietf:params:oauth:grant-type:token-exchange";

    private static readonly string[] Doors =
    [
        "verify",
        "batch",
        "forward-auth",
        "introspected",
        "exchanged",
        "me",
        "shows itself",
        "rotates itself",
        "verifies",
        "introspects",
        "ends when reported",
        "deletes itself",
    ];

    [Theory, BothEngines]
    public async Task A_kind_of_credential_does_at_each_door_what_the_table_says(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var table = new StringBuilder();
        table.AppendLine(string.Join(" | ", Doors.Prepend("credential")));
        foreach (var (name, make) in Kinds(admin))
        {
            var cells = new List<string> { name };
            foreach (var door in Doors)
                cells.Add(await AskAsync(admin, door, await make()));
            table.AppendLine(string.Join(" | ", cells));
        }

        await GoldenFile.CompareAsync(Golden, table.ToString());
    }

    private static IEnumerable<(string Name, Func<Task<Subject>> Make)> Kinds(ApiClient admin)
    {
        yield return ("api_key", () => OfApplicationAsync(admin, new { }));
        yield return ("api_key that signs", () => OfApplicationAsync(admin, new { request_signing = "required" }));
        yield return ("api_key from 192.0.2.0/24", () => OfApplicationAsync(admin, new { allowed_ips = new[] { "192.0.2.0/24" } }));
        yield return ("anonymous_api_key", () => OfApplicationAsync(admin, new { anonymous = true }));
        yield return ("personal_access_token", () => OfUserAsync(admin));
        yield return ("client_secret", () => SecretAsync(admin));
        yield return ("access_token", () => TokenAsync(admin, oneTime: false));
        yield return ("access_token, used once", () => TokenAsync(admin, oneTime: true));
    }

    private static async Task<(Created Made, string Role)> ApiAsync(ApiClient admin, object? with = null)
    {
        var made = await Scenario
            .On(admin)
            .Api(
                _ =>
                    with
                    ?? new { accepted_credentials = new[] { "api_key", "anonymous_api_key", "personal_access_token", "access_token" } },
                "invoices:read"
            )
            .Role()
            .CreateAsync();
        return (made, made.Roles[^1].Id);
    }

    private static async Task<Subject> OfApplicationAsync(ApiClient admin, object with)
    {
        var (made, role) = await ApiAsync(admin);
        var application = await admin.CreateApplicationAsync([role]);
        await ServesAsync(admin, made, application.Id);
        var key = await admin.CreateApiKeyAsync(application.Id, with);
        return new Subject(key.Secret, made.Api.Identifier);
    }

    private static async Task<Subject> OfUserAsync(ApiClient admin)
    {
        var (made, role) = await ApiAsync(admin);
        var user = await admin.CreateUserAsync([role]);
        return new Subject((await admin.CreatePersonalAccessTokenAsync(user.Id)).Secret, made.Api.Identifier);
    }

    private static async Task<Subject> SecretAsync(ApiClient admin)
    {
        var (made, role) = await ApiAsync(admin);
        var application = await admin.CreateApplicationAsync([role]);
        return new Subject((await admin.CreateClientSecretAsync(application.Id)).Secret, made.Api.Identifier);
    }

    private static async Task<Subject> TokenAsync(ApiClient admin, bool oneTime)
    {
        var (made, role) = await ApiAsync(admin, new { one_time_tokens = oneTime });
        var application = await admin.CreateApplicationAsync([role]);
        var secret = await admin.CreateClientSecretAsync(application.Id);
        var bought = await admin
            .With(null)
            .FormAsync(
                "/oauth/token",
                [("grant_type", "client_credentials"), ("resource", made.Api.Identifier)],
                (application.Id, secret.Secret)
            );
        var token = bought.Expect(200).Text("access_token");
        if (oneTime)
            Assert.Equal("valid", await VerifyAsync(admin, token, made.Api.Identifier));
        return new Subject(token, made.Api.Identifier);
    }

    private static Task<ApiResponse> ServesAsync(ApiClient admin, Created made, string application) =>
        admin.PatchAsync($"/v1/api-resources/{made.Api.Id}", new { resource_servers = new[] { application } }).Expect(200);

    private static async Task<string> AskAsync(ApiClient admin, string door, Subject subject)
    {
        var (presented, api) = subject;
        var bearer = admin.With(presented);
        switch (door)
        {
            case "verify":
                return await VerifyAsync(admin, presented, api);
            case "batch":
                var batch = await admin.PostAsync("/v1/verify/batch", new { items = new[] { new { token = presented, api } } }).Expect(200);
                return batch.Json.GetProperty("items")[0].GetProperty("code").GetString()!;
            case "forward-auth":
                return Shown(await bearer.GetAsync($"/v1/forward-auth?api={Uri.EscapeDataString(api)}"));
            case "introspected":
                return (await admin.FormAsync("/oauth/introspect", [("token", presented)]))
                    .Expect(200)
                    .Body.Contains("\"active\":true", StringComparison.Ordinal)
                    ? "active"
                    : "inactive";
            case "exchanged":
                return await ExchangeAsync(admin, presented, api);
            case "me":
                return Shown(await bearer.GetAsync("/v1/me"));
            case "shows itself":
                return Shown(await bearer.GetAsync("/v1/me/credential"));
            case "rotates itself":
                return Shown(await bearer.PostAsync("/v1/me/credential/rotate", new { overlap_seconds = 60 }));
            case "verifies":
                return Shown(await bearer.PostAsync("/v1/verify", new { token = "tkr_key_garbage", api }));
            case "introspects":
                return Shown(await bearer.FormAsync("/oauth/introspect", [("token", "tkr_key_garbage")]));
            case "ends when reported":
                var before = await VerifyAsync(admin, presented, api);
                await admin.With(null).PostAsync("/v1/credentials/revoke", new { token = presented }).Expect(202);
                var after = await VerifyAsync(admin, presented, api);
                return before == after ? "no" : "yes";
            default:
                return Shown(await bearer.DeleteAsync("/v1/me/credential"));
        }
    }

    private static async Task<string> VerifyAsync(ApiClient admin, string presented, string api) =>
        (await admin.PostAsync("/v1/verify", new { token = presented, api }).Expect(200)).Text("code");

    private static async Task<string> ExchangeAsync(ApiClient admin, string presented, string api)
    {
        var client = await admin.CreateApplicationAsync([], new { token_exchange_audiences = new[] { api } });
        var secret = await admin.CreateClientSecretAsync(client.Id);
        await admin
            .PatchAsync(
                $"/v1/api-resources/{await IdAsync(admin, api)}",
                new { resource_servers = new[] { client.Id } } // so that it may exchange what was issued to others
            )
            .Expect(200);
        return Shown(
            await admin
                .With(null)
                .FormAsync(
                    "/oauth/token",
                    [
                        ("grant_type", Exchange),
                        ("subject_token", presented),
                        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
                        ("resource", api),
                    ],
                    (client.Id, secret.Secret)
                )
        );
    }

    private static async Task<string> IdAsync(ApiClient admin, string identifier)
    {
        for (var cursor = ""; ; )
        {
            var page = await admin.GetAsync($"/v1/api-resources?limit=200{cursor}").Expect(200);
            foreach (var api in page.Json.GetProperty("items").EnumerateArray())
            {
                if (api.GetProperty("identifier").GetString() == identifier)
                    return api.GetProperty("id").GetString()!;
            }

            cursor = $"&cursor={Uri.EscapeDataString(page.Text("next_cursor"))}";
        }
    }

    private static string Shown(ApiResponse response) =>
        response.Status < 300
            ? "yes"
            : $"{response.Status} {(response.Body.Contains("\"error\"", StringComparison.Ordinal) ? response.Text("error") : response.Text("code"))}";

    private sealed record Subject(string Presented, string Api);
}
