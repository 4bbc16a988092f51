namespace Tokenry.Server.Tests.Core.Access;

using static ManagementCalls;

public sealed class BuiltInRolesTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_developer_manages_their_own_applications_within_their_own_rights(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role("a").CreateAsync();
        var both = await admin.CreateRoleAsync([At(made.Api.Identifier, "a", "b")]);
        var developer = await DeveloperAsync(admin, made);
        var client = developer.Client;

        var application = await client.PostAsync("/v1/applications", new { name = "mine", roles = new[] { made.Role.Id } }).Expect(201);
        Assert.Equal(developer.Id, application.Text("owner_id"));
        var path = $"/v1/applications/{application.Text("id")}";
        await client.PatchAsync(path, new { name = "still mine" }).Expect(200);
        await client.PostAsync("/v1/applications", new { name = "x", roles = new[] { both.Id } }).Expect(403, "exceeds_own_rights");
        await client.PatchAsync(path, new { roles = new[] { both.Id } }).Expect(403, "exceeds_own_rights");
        await client.PatchAsync(path, new { roles = new[] { Administrator } }).Expect(403, "exceeds_own_rights");

        var key = await client
            .PostAsync(path + "/api-keys", new { name = "k", permissions = new[] { At(made.Api.Identifier, "a") } })
            .Expect(201);
        await client.PostAsync($"/v1/api-keys/{key.Text("id")}/rotate", new { overlap_seconds = 0 }).Expect(200);
        await client.PostAsync(path + "/secrets", new { name = "s" }).Expect(201);

        // An administrator gives it more than its developer has: it has no more than they, and so has a new key. A secret would have it all once they are promoted.
        await admin.PatchAsync(path, new { roles = new[] { both.Id } }).Expect(200);
        var another = await client.PostAsync(path + "/api-keys", new { name = "k" }).Expect(201);
        Assert.Equal("valid", await admin.CodeAsync(another.Text("token"), made.Api.Identifier, ["a"]));
        Assert.Equal("insufficient_scope", await admin.CodeAsync(another.Text("token"), made.Api.Identifier, ["b"]));
        await client.PostAsync(path + "/secrets", new { name = "s" }).Expect(403, "exceeds_own_rights");
        await client.PostAsync($"/v1/api-keys/{key.Text("id")}/rotate", new { overlap_seconds = 0 }).Expect(200); // limited to a

        await client
            .PostAsync(
                "/v1/api-keys",
                new
                {
                    name = "q",
                    api = made.Api.Identifier,
                    scopes = new[] { "a" },
                }
            )
            .Expect(201);
        await client
            .PostAsync(
                "/v1/api-keys",
                new
                {
                    name = "q",
                    api = made.Api.Identifier,
                    scopes = new[] { "b" },
                }
            )
            .Expect(403, "exceeds_own_rights");
        await client.GetAsync("/v1/users").Expect(403, "insufficient_scope");
        await client.PostAsync("/v1/roles", new { name = "x" }).Expect(403, "insufficient_scope");
        await client.DeleteAsync($"/v1/api-keys/{key.Text("id")}").Expect(204);
        await client.DeleteAsync(path).Expect(204);
        await client.DeleteAsync(path).Expect(204);
    }

    [Theory, BothEngines]
    public async Task A_foreign_id_is_answered_like_an_unknown_one(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().ClientSecret().CreateAsync();
        var developer = await DeveloperAsync(admin, made);
        var other = await admin.PersonWithTokenAsync([], At(Management, "tokens:own"));
        var own = await developer.Client.PostAsync("/v1/applications", new { name = "mine" }).Expect(201);
        const string Nobody = "0000000000000000000000";
        (string Method, string Foreign, string Unknown, object? Body)[] rows =
        [
            .. Item($"/v1/applications/{made.Application.Id}", $"/v1/applications/app_{Nobody}"),
            .. Life($"/v1/api-keys/{made.ApiKey.Id}", $"/v1/api-keys/key_{Nobody}"),
            .. Life(
                $"/v1/applications/{made.Application.Id}/api-keys/{made.ApiKey.Id}",
                $"/v1/applications/{made.Application.Id}/api-keys/key_{Nobody}"
            ),
            .. Life(
                $"/v1/applications/{own.Text("id")}/api-keys/{made.ApiKey.Id}",
                $"/v1/applications/app_{Nobody}/api-keys/{made.ApiKey.Id}"
            ),
            .. Life(
                $"/v1/applications/{made.Application.Id}/secrets/{made.ClientSecret.Id}",
                $"/v1/applications/{made.Application.Id}/secrets/sec_{Nobody}"
            ),
            .. Life($"/v1/tokens/{other.Token.Id}", $"/v1/tokens/pat_{Nobody}"),
            .. Life($"/v1/me/tokens/{other.Token.Id}", $"/v1/me/tokens/pat_{Nobody}"),
            .. Life($"/v1/users/{other.Id}/tokens/{other.Token.Id}", $"/v1/users/usr_{Nobody}/tokens/pat_{Nobody}"),
            ("POST", $"/v1/applications/{made.Application.Id}/api-keys", $"/v1/applications/app_{Nobody}/api-keys", new { name = "x" }),
            ("POST", $"/v1/applications/{made.Application.Id}/secrets", $"/v1/applications/app_{Nobody}/secrets", new { name = "x" }),
            ("POST", $"/v1/users/{other.Id}/tokens", $"/v1/users/usr_{Nobody}/tokens", new { name = "x" }),
        ];
        foreach (var (method, foreign, unknown, body) in rows)
        {
            var one = await developer.Client.SendAsync(new HttpMethod(method), foreign, body).Expect(404, "not_found");
            var two = await developer.Client.SendAsync(new HttpMethod(method), unknown, body).Expect(404, "not_found");
            Assert.Equal(Anonymised(one), Anonymised(two));
        }
        foreach (var collection in new[] { "api-keys", "secrets" })
        {
            var one = await developer.Client.GetAsync($"/v1/applications/{made.Application.Id}/{collection}").Expect(404, "not_found");
            var two = await developer.Client.GetAsync($"/v1/applications/app_{Nobody}/{collection}").Expect(404, "not_found");
            Assert.Equal(Anonymised(one), Anonymised(two));
        }
        Assert.Equal("valid", await admin.CodeAsync(made.ApiKey.Secret, made.Api.Identifier)); // nothing was touched

        static string Anonymised(ApiResponse answer) =>
            string.Join(
                '\n',
                answer
                    .Headers.Where(header => !header.Key.Equals("X-Request-Id", StringComparison.OrdinalIgnoreCase) && header.Key != "Date")
                    .Select(header => $"{header.Key}: {string.Join(',', header.Value)}")
            ) + answer.Body.Replace(answer.Text("request_id"), "", StringComparison.Ordinal);

        static (string, string, string, object?)[] Item(string foreign, string unknown) =>
            [
                ("GET", foreign, unknown, null),
                ("PATCH", foreign, unknown, new { name = "x" }),
                ("DELETE", foreign, unknown, null),
                ("POST", foreign + "/disable", unknown + "/disable", null),
                ("POST", foreign + "/enable", unknown + "/enable", null),
            ];

        static (string, string, string, object?)[] Life(string foreign, string unknown) =>
            [.. Item(foreign, unknown), ("POST", foreign + "/rotate", unknown + "/rotate", new { overlap_seconds = 0 })];
    }

    [Theory, BothEngines]
    public async Task An_auditor_reads_everything_and_writes_nothing(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().ClientSecret().CreateAsync();
        var scopes = new[] { "users", "applications", "api-resources", "roles", "credentials", "audit", "usage" };
        var auditor = await admin.PersonWithTokenAsync([Auditor], At(Management, [.. scopes.Select(noun => noun + ":read")]));
        foreach (var noun in new[] { "users", "applications", "api-resources", "roles", "credentials", "api-keys", "tokens", "audit" })
            await auditor.Client.GetAsync($"/v1/{noun}").Expect(200);
        await auditor.Client.GetAsync($"/v1/api-keys/{made.ApiKey.Id}").Expect(200);
        foreach (
            var (method, path, body) in new (string, string, object?)[]
            {
                ("POST", "/v1/users", new { email = "x@example.com" }),
                ("POST", "/v1/applications", new { name = "x" }),
                ("POST", "/v1/api-resources", new { name = "x", identifier = "https://x.example.com" }),
                ("POST", "/v1/roles", new { name = "x" }),
                (
                    "POST",
                    "/v1/api-keys",
                    new
                    {
                        name = "x",
                        api = made.Api.Identifier,
                        scopes = new[] { "invoices:read" },
                    }
                ),
                ("POST", $"/v1/applications/{made.Application.Id}/api-keys", new { name = "x" }),
                ("POST", $"/v1/applications/{made.Application.Id}/secrets", new { name = "x" }),
                ("PATCH", $"/v1/api-keys/{made.ApiKey.Id}", new { name = "x" }),
                ("POST", $"/v1/api-keys/{made.ApiKey.Id}/rotate", new { overlap_seconds = 0 }),
                ("POST", $"/v1/api-keys/{made.ApiKey.Id}/disable", null),
                ("DELETE", $"/v1/api-keys/{made.ApiKey.Id}", null),
                ("DELETE", $"/v1/applications/{made.Application.Id}", null),
                ("DELETE", $"/v1/roles/{made.Role.Id}", null),
                ("DELETE", $"/v1/api-resources/{made.Api.Id}", null),
                ("POST", "/v1/verify", new { token = "x" }),
            }
        )
            await auditor.Client.SendAsync(new HttpMethod(method), path, body).Expect(403, "insufficient_scope");
    }

    private static async Task<Person> DeveloperAsync(ApiClient admin, Created made) =>
        await admin.PersonWithTokenAsync(
            [Developer, made.Role.Id],
            At(Management, "applications:own", "tokens:own"),
            At(
                made.Api.Identifier,
                made.Role.Response.Json.GetProperty("permissions")[0]
                    .GetProperty("scopes")
                    .EnumerateArray()
                    .Select(s => s.GetString()!)
                    .ToArray()
            )
        );
}
