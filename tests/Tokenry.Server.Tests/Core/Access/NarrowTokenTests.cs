using System.Text.Json;

namespace Tokenry.Server.Tests.Core.Access;

using static ManagementCalls;

/// <summary>A token limited to one scope and one object, tried on every route of the OpenAPI document.</summary>
public sealed class NarrowTokenTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_token_for_one_scope_and_one_object_opens_exactly_what_is_about_itself(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(_ => new { object_types = new[] { "repo" } }, "read", "write")
            .Role()
            .User(made => new { password = (string?)null, roles = new[] { made.Role.Id, Administrator } })
            .PersonalAccessToken(made => new
            {
                permissions = new[] { At(made.Api.Identifier, "read") },
                objects = new[] { "repo:acme/web" },
            })
            .ApiKey()
            .CreateAsync();
        var token = made.PersonalAccessToken;
        var client = admin.With(token.Secret);
        var document = (await admin.With(null).GetAsync("/openapi/v1.json").Expect(200)).Json;
        var opened = new List<string>();
        var tried = 0;
        // The last route ends the token itself, so it comes last.
        var operations = document
            .GetProperty("paths")
            .EnumerateObject()
            .SelectMany(path =>
                path.Value.EnumerateObject().Select(operation => (Path: path.Name, Method: operation.Name.ToUpperInvariant()))
            )
            .Where(operation => operation.Path.StartsWith("/v1/", StringComparison.Ordinal) && !OpenToAnybody.Contains(operation.Path))
            .OrderBy(operation => operation is ("/v1/me/credential", "DELETE"));
        foreach (var (path, method) in operations)
        {
            var address = string.Join(
                '/',
                path.Split('/').Select(part => part is ['{', .. var name, '}'] ? Value(path, name, made) : part)
            );
            var answer = await client.SendAsync(
                new HttpMethod(method),
                address,
                method is "POST" or "PATCH" or "PUT" ? Body(path, made) : null
            );
            tried++;
            if (answer.Status < 300)
                opened.Add($"{method} {path}");
            else
                answer.Expect(403, "insufficient_scope");
        }

        Assert.True(tried > 60, $"only {tried} operations");
        Assert.Equal(
            ["DELETE /v1/me/credential", "GET /v1/me", "GET /v1/me/credential", "GET /v1/me/policy", "POST /v1/me/credential/rotate"],
            opened.Order(StringComparer.Ordinal)
        );
    }

    [Theory, BothEngines]
    public async Task At_a_door_it_opens_that_one_object_with_that_one_scope(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(_ => new { object_types = new[] { "repo" } }, "read", "write")
            .Role()
            .User(_ => new { password = (string?)null })
            .PersonalAccessToken(made => new
            {
                permissions = new[] { At(made.Api.Identifier, "read") },
                objects = new[] { "repo:acme/web" },
            })
            .CreateAsync();
        var token = made.PersonalAccessToken.Secret;
        Assert.Equal("valid", await admin.CodeAsync(token, made.Api.Identifier, ["read"], "repo:acme/web"));
        Assert.Equal("object_not_allowed", await admin.CodeAsync(token, made.Api.Identifier, ["read"], "repo:acme/other"));
        Assert.Equal("insufficient_scope", await admin.CodeAsync(token, made.Api.Identifier, ["write"], "repo:acme/web"));
        Assert.Equal("wrong_api", await admin.CodeAsync(token, Management, ["tokens:own"]));
    }

    private static readonly string[] OpenToAnybody = ["/v1/forward-auth", "/v1/credentials/revoke", "/v1/credentials/leaks"];

    private static string Value(string path, string parameter, Created made) =>
        path.StartsWith("/v1/users", StringComparison.Ordinal)
            ? parameter == "owner" || !path.Contains("tokens", StringComparison.Ordinal)
                ? made.User.Id
                : made.PersonalAccessToken.Id
            : path.StartsWith("/v1/api-resources", StringComparison.Ordinal)
                ? made.Api.Id
                : path.StartsWith("/v1/roles", StringComparison.Ordinal)
                    ? made.Role.Id
                    : path.Contains("tokens", StringComparison.Ordinal) || path.StartsWith("/v1/credentials/", StringComparison.Ordinal)
                        ? made.PersonalAccessToken.Id
                        : path.StartsWith("/v1/api-keys", StringComparison.Ordinal)
                            ? made.ApiKey.Id
                            : parameter == "owner" || !path.Contains("{owner}", StringComparison.Ordinal)
                                ? made.Application.Id
                                : path.Contains("api-keys", StringComparison.Ordinal)
                                    ? made.ApiKey.Id
                                    : "sec_0000000000000000000000";

    /// <summary>A body the route would take, so that nothing but the right is missing.</summary>
    private static JsonElement Body(string path, Created made) =>
        JsonSerializer.SerializeToElement<object>(
            path.EndsWith("/policy", StringComparison.Ordinal) || path.EndsWith("/policy/preview", StringComparison.Ordinal)
                ? new { max_tokens_per_user = 100 }
            : path.EndsWith("/approve", StringComparison.Ordinal) || path.EndsWith("/deny", StringComparison.Ordinal)
                ? new { message = "x" }
            : path == "/v1/me/role-requests" ? new { role = made.Role.Id, justification = "x" }
            : path == "/v1/credentials/bulk/revoke" ? new { reason = "x" }
            : path == "/v1/signing-keys/rotate" ? new { algorithm = "ES256" }
            : path.EndsWith("/members", StringComparison.Ordinal) ? new { member = made.User.Id }
            : path.EndsWith("/invitations", StringComparison.Ordinal) ? new { note = "x" }
            : path.EndsWith("/object-roles", StringComparison.Ordinal) ? new { items = Array.Empty<object>() }
            : path.EndsWith("/members/{id}", StringComparison.Ordinal) ? new { roles = new[] { made.Role.Id } }
            : path.EndsWith("/taint", StringComparison.Ordinal) ? new { reason = "x" }
            : path.EndsWith("/federated-identities", StringComparison.Ordinal)
                ? new
                {
                    name = "x",
                    issuer = "https://issuer.example.com",
                    subject = "x",
                }
            : path.EndsWith("/rotate", StringComparison.Ordinal) ? new { overlap_seconds = 60 }
            : path.EndsWith("/revoke-all", StringComparison.Ordinal) || path.EndsWith("/descendants/revoke", StringComparison.Ordinal)
                ? new { reason = "x" }
            : path.EndsWith("/linked-accounts", StringComparison.Ordinal)
                ? new { issuer = "https://login.example.com", subject = CreateRequests.Unique("n") }
            : path.EndsWith("/transfer", StringComparison.Ordinal) ? new { owner = (string?)null }
            : path.StartsWith("/v1/reports/reviews", StringComparison.Ordinal) ? new { }
            : path == "/v1/verify" ? new { token = "x" }
            : path == "/v1/verify/batch" ? new { items = new[] { new { token = "x" } } }
            : path == "/v1/users" ? new { email = $"{CreateRequests.Unique("n")}@example.com" }
            : path == "/v1/api-resources" ? new { name = "x", identifier = $"urn:example:{CreateRequests.Unique("n")}" }
            : path == "/v1/api-keys"
                ? new
                {
                    name = "x",
                    api = made.Api.Identifier,
                    scopes = new[] { "read" },
                }
            : new { name = CreateRequests.Unique("n") }
        );
}
