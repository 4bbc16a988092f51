using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace BillingJob;

/// <summary>Buys access tokens (RFC 6749 §3.2) for the one API.</summary>
internal sealed class TokenEndpoint(Home home, Connections connections, ServerMetadata server)
{
    public const string JwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    /// <param name="authentication">What of the form says who the client is, beside the grant.</param>
    /// <param name="basic">Instead: the client's id and secret in the header.</param>
    /// <param name="dpop">The key the token shall be bound to.</param>
    public Task<string> BuyAsync(
        IEnumerable<KeyValuePair<string, string>> authentication,
        AuthenticationHeaderValue? basic = null,
        DpopKey? dpop = null
    ) =>
        BuyAsync(
            connections.Plain,
            server.TokenEndpoint,
            [KeyValuePair.Create("grant_type", "client_credentials"), .. authentication],
            basic,
            dpop
        );

    /// <summary>The job's TLS certificate is the authentication.</summary>
    public Task<string> BuyByCertificateAsync() =>
        BuyAsync(
            connections.WithCertificate,
            server.TokenEndpointForCertificates!,
            [KeyValuePair.Create("grant_type", "client_credentials"), KeyValuePair.Create("client_id", home.ClientId)],
            basic: null,
            dpop: null
        );

    /// <summary>Another issuer's token is the authentication (RFC 8693).</summary>
    public Task<string> ExchangeAsync(string foreignToken, DpopKey dpop) =>
        BuyAsync(
            connections.Plain,
            server.TokenEndpoint,
            [
                KeyValuePair.Create("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                KeyValuePair.Create("client_id", home.ClientId),
                KeyValuePair.Create("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
                KeyValuePair.Create("subject_token", foreignToken),
            ],
            basic: null,
            dpop
        );

    private async Task<string> BuyAsync(
        HttpClient client,
        string address,
        IEnumerable<KeyValuePair<string, string>> form,
        AuthenticationHeaderValue? basic,
        DpopKey? dpop
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new FormUrlEncodedContent([.. form, KeyValuePair.Create("resource", home.Api)]),
        };
        request.Headers.Authorization = basic;
        if (dpop is not null)
        {
            request.Headers.Add("DPoP", dpop.Prove("POST", address));
        }

        using var answer = await client.SendAsync(request);
        if (answer.IsSuccessStatusCode)
        {
            return (await answer.Content.ReadFromJsonAsync<Token>(Json.Options))!.AccessToken;
        }

        var fault = await answer.Content.ReadFromJsonAsync<Fault>(Json.Options);
        throw new TokenRefused(fault?.Error ?? answer.StatusCode.ToString(), fault?.ErrorDescription);
    }

    // A class and not a record: a record would print the token.
    private sealed class Token
    {
        public required string AccessToken { get; init; }
    }

    private sealed record Fault(string Error, string? ErrorDescription);
}
