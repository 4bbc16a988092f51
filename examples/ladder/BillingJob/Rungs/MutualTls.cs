namespace BillingJob.Rungs;

/// <summary>
/// Rung 6: the TLS handshake proves the job's certificate (RFC 8705), at the token endpoint and at the API, and the token is bound to it. No code signs
/// anything; a stolen token comes over the wrong connection.
/// </summary>
internal sealed class MutualTls(Home home, TokenEndpoint tokens, ServerMetadata server) : IRung
{
    public string Name => "mtls";

    public string? Obstacle =>
        !home.Has(KeyMaker.TlsKey) ? $"there is no {KeyMaker.TlsKey}"
        : server.TokenEndpointForCertificates is null ? "the server announces no address for clients with certificates"
        : null;

    public bool PresentsCertificate => true;

    public async Task AuthorizeAsync(HttpRequestMessage request) =>
        request.Headers.Authorization = new("Bearer", await tokens.BuyByCertificateAsync());
}
