namespace BillingJob.Rungs;

/// <summary>Rung 5: the token is bound to a key (RFC 9449), and each request proves it. A stolen token lacks the key.</summary>
internal sealed class Dpop(PrivateKeyJwt client, TokenEndpoint tokens, ServerMetadata server) : IRung
{
    public string Name => "dpop";

    public string? Obstacle =>
        client.Obstacle
        ?? (server.DpopSigningAlgValuesSupported?.Contains("ES256") == true ? null : "the server takes no DPoP proofs of ES256");

    public async Task AuthorizeAsync(HttpRequestMessage request)
    {
        var key = new DpopKey();
        key.Authorize(request, await tokens.BuyAsync(client.Assertion(), dpop: key));
    }
}
