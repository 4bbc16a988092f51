using System.Text.Json.Nodes;

namespace BillingJob.Rungs;

/// <summary>
/// Rung 4: a key of the job's own signs an assertion (RFC 7523), each good once. The server knows the public half: nothing stored there, or seen on
/// the way, makes the next assertion.
/// </summary>
internal sealed class PrivateKeyJwt(Home home, TokenEndpoint tokens, ServerMetadata server) : IRung
{
    private const string Method = "private_key_jwt";

    public string Name => "private-key";

    public string? Obstacle =>
        !home.Has(KeyMaker.AssertionKey) ? $"there is no {KeyMaker.AssertionKey}"
        : !server.TokenEndpointAuthMethodsSupported.Contains(Method) ? $"the server does not take {Method}"
        : null;

    public async Task AuthorizeAsync(HttpRequestMessage request) =>
        request.Headers.Authorization = new("Bearer", await tokens.BuyAsync(Assertion()));

    /// <summary>What the form says of the client.</summary>
    public IEnumerable<KeyValuePair<string, string>> Assertion()
    {
        using var key = home.ReadKey(KeyMaker.AssertionKey);
        var header = new JsonObject { ["typ"] = "client-authentication+jwt", ["kid"] = Jws.Thumbprint(key) };
        var claims = new JsonObject
        {
            ["iss"] = home.ClientId,
            ["sub"] = home.ClientId,
            ["aud"] = server.Issuer,
            ["jti"] = Jws.NewId(),
            ["iat"] = Jws.Now,
            ["exp"] = Jws.Now + 60,
        };
        return
        [
            KeyValuePair.Create("client_assertion_type", TokenEndpoint.JwtBearer),
            KeyValuePair.Create("client_assertion", Jws.Sign(key, header, claims)),
        ];
    }
}
