using System.Net.Http.Json;

namespace BillingJob;

/// <summary>What the authorization server says of itself (RFC 8414): where its endpoints are, and which ways in it has.</summary>
internal sealed record ServerMetadata(
    string Issuer,
    string TokenEndpoint,
    IReadOnlyList<string> TokenEndpointAuthMethodsSupported,
    IReadOnlyList<string>? DpopSigningAlgValuesSupported,
    ServerMetadata.Aliases? MtlsEndpointAliases
)
{
    /// <summary>Where clients with certificates go (RFC 8705 §5); null where the server sees none.</summary>
    public string? TokenEndpointForCertificates => MtlsEndpointAliases?.TokenEndpoint;

    public static async Task<ServerMetadata> FetchAsync(Home home, Connections connections)
    {
        var metadata = await connections.Plain.GetFromJsonAsync<ServerMetadata>(
            home.Issuer + "/.well-known/oauth-authorization-server",
            Json.Options
        );
        // RFC 8414 §3.3: else somebody else's document could name endpoints of theirs.
        return metadata?.Issuer == home.Issuer ? metadata : throw new Refusal("The metadata is another issuer's.");
    }

    internal sealed record Aliases(string TokenEndpoint);
}
