using System.Text.Json;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>
/// A client that knows nothing but an API's address and its own secret: it reads the challenge of each refusal (RFC 6750 §3), looks for the API's metadata
/// (RFC 9728) and the authorization server's (RFC 8414), buys a token with the scopes that are asked for, and tries again.
/// </summary>
/// <param name="call">The API: a request with that bearer token, or with none.</param>
/// <param name="secret">Of an OAuth client.</param>
internal sealed class StepUpClient(Func<string?, Task<ApiResponse>> call, (string Id, string Secret) secret)
{
    private const int MostSteps = 4;

    private readonly HashSet<string> _scopes = new(StringComparer.Ordinal);

    /// <summary>The scopes it asked for, each time that it asked.</summary>
    public List<string> Asked { get; } = [];

    public async Task<ApiResponse> RunAsync(string? token = null)
    {
        for (var step = 0; ; step++)
        {
            var answer = await call(token);
            if (answer.Status is not (401 or 403) || step == MostSteps)
            {
                return answer;
            }

            var challenge = answer.Header("WWW-Authenticate")!;
            _scopes.UnionWith(Attribute(challenge, "scope")?.Split(' ') ?? []);
            token = await BuyAsync(Attribute(challenge, "resource_metadata")!);
        }
    }

    private async Task<string> BuyAsync(string metadata)
    {
        var api = await ReadAsync(metadata);
        var issuer = api.GetProperty("authorization_servers")[0].GetString()!;
        var server = await ReadAsync(issuer + "/.well-known/oauth-authorization-server");
        Assert.Equal(issuer, server.GetProperty("issuer").GetString());
        var scope = string.Join(' ', _scopes.Order(StringComparer.Ordinal));
        Asked.Add(scope);
        var endpoint = new Uri(server.GetProperty("token_endpoint").GetString()!);
        var bought = await new ApiClient(endpoint.GetLeftPart(UriPartial.Authority)).FormAsync(
            endpoint.AbsolutePath,
            [
                ("grant_type", "client_credentials"),
                ("resource", api.GetProperty("resource").GetString()!),
                .. scope.Length > 0 ? new[] { ("scope", scope) } : [],
            ],
            secret
        );
        return bought.Expect(200).Text("access_token");
    }

    private static async Task<JsonElement> ReadAsync(string address)
    {
        var uri = new Uri(address);
        return (await new ApiClient(uri.GetLeftPart(UriPartial.Authority)).GetAsync(uri.PathAndQuery).Expect(200)).Json;
    }

    private static string? Attribute(string challenge, string name) =>
        challenge.Split(name + "=\"") is [_, var rest, ..] ? rest[..rest.IndexOf('"', StringComparison.Ordinal)] : null;
}
