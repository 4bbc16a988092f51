using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tokenry.Testing;

/// <summary>
/// The creating requests of the contract, one call each. Names are unique per test process, so that tests share a server without
/// meeting. <c>with</c> is an object whose members are added to the request or replace the ones given here.
/// </summary>
public static class CreateRequests
{
    private static int _counter;

    /// <summary>For names that no other test of this process has.</summary>
    public static string Unique(string name) => $"{name}-{Interlocked.Increment(ref _counter)}";

    public static async Task<CreatedApi> CreateApiAsync(this ApiClient client, IReadOnlyList<string> scopes, object? with = null)
    {
        var name = Unique("invoices");
        var body = Body(
            new
            {
                identifier = $"https://{name}.example.com",
                name,
                scopes = scopes.Select(scope => new { name = scope }),
            },
            with
        );
        var response = await client.PostAsync("/v1/api-resources", body).Expect(201);
        return new CreatedApi(response.Text("id"), response.Text("identifier"), scopes, response);
    }

    public static async Task<CreatedRole> CreateRoleAsync(this ApiClient client, object[] permissions, object? with = null)
    {
        var response = await client.PostAsync("/v1/roles", Body(new { name = Unique("Invoice reader"), permissions }, with)).Expect(201);
        return new CreatedRole(response.Text("id"), response);
    }

    public static async Task<CreatedUser> CreateUserAsync(this ApiClient client, IEnumerable<string> roles, object? with = null)
    {
        var name = Unique("developer");
        var body = Body(
            new
            {
                email = $"{name}@example.com",
                name,
                roles,
            },
            with
        );
        var response = await client.PostAsync("/v1/users", body).Expect(201);
        return new CreatedUser(response.Text("id"), (string)body["email"]!, response);
    }

    public static async Task<CreatedApplication> CreateApplicationAsync(
        this ApiClient client,
        IEnumerable<string> roles,
        object? with = null
    )
    {
        var response = await client.PostAsync("/v1/applications", Body(new { name = Unique("billing-job"), roles }, with)).Expect(201);
        return new CreatedApplication(response.Text("id"), response);
    }

    public static Task<CreatedCredential> CreateApiKeyAsync(this ApiClient client, string applicationId, object? with = null) =>
        CreateCredentialAsync(client, $"/v1/applications/{applicationId}/api-keys", "token", with);

    public static Task<CreatedCredential> CreateClientSecretAsync(this ApiClient client, string applicationId, object? with = null) =>
        CreateCredentialAsync(client, $"/v1/applications/{applicationId}/secrets", "client_secret", with);

    /// <summary>Registers the public half of <paramref name="key"/>.</summary>
    public static async Task<ApiResponse> CreatePublicKeyAsync(
        this ApiClient client,
        string applicationId,
        ClientKey key,
        object? with = null
    ) =>
        await client
            .PostAsync(
                $"/v1/applications/{applicationId}/public-keys",
                Body(
                    new
                    {
                        name = Unique("signer"),
                        jwk = key.Jwk,
                        alg = key.Algorithm,
                    },
                    with
                )
            )
            .Expect(201);

    /// <summary>Lets tokens of <paramref name="issuer"/> stand for the application, with its keys inline.</summary>
    public static async Task<ApiResponse> CreateFederatedIdentityAsync(
        this ApiClient client,
        string applicationId,
        ForeignIssuer issuer,
        object? with = null
    ) =>
        await client
            .PostAsync(
                $"/v1/applications/{applicationId}/federated-identities",
                Body(
                    new
                    {
                        name = Unique("ci"),
                        issuer = issuer.Address,
                        subject = ForeignIssuer.GitHubSubject,
                        jwks = issuer.Jwks,
                    },
                    with
                )
            )
            .Expect(201);

    public static Task<CreatedCredential> CreatePersonalAccessTokenAsync(this ApiClient client, string userId, object? with = null) =>
        CreateCredentialAsync(client, $"/v1/users/{userId}/tokens", "token", with);

    private static async Task<CreatedCredential> CreateCredentialAsync(ApiClient client, string path, string secret, object? with)
    {
        var response = await client.PostAsync(path, Body(new { name = Unique("ci") }, with)).Expect(201);
        return new CreatedCredential(response.Text("id"), response.Text(secret), response);
    }

    private static JsonObject Body(object members, object? with)
    {
        var body = JsonSerializer.SerializeToNode(members, members.GetType())!.AsObject();
        if (with is not null)
        {
            foreach (var (name, value) in JsonSerializer.SerializeToNode(with, with.GetType())!.AsObject())
                body[name] = value?.DeepClone();
        }
        return body;
    }
}
