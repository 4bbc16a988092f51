namespace Tokenry.Server.Core.Authentication;

/// <summary>What accompanies a credential to prove more than holding it. A class, because a record would print the proof.</summary>
public sealed class PresentedProof
{
    /// <summary>The request's method.</summary>
    public required string Method { get; init; }

    /// <summary>Its address as its client knows it, from configuration or a trusted caller; <c>null</c> = not known.</summary>
    public Uri? Uri { get; init; }

    /// <summary>Whether the credential came under the scheme <c>DPoP</c>, which promises a proof.</summary>
    public bool IsDpop { get; init; }

    /// <summary>The one <c>DPoP</c> header; <c>null</c> = none, or more than one.</summary>
    public string? Dpop { get; init; }

    /// <summary>The request, if it has a signature for this server, instead of a secret or beside one.</summary>
    public SignedRequest? Signed { get; init; }

    /// <summary><c>x5t#S256</c> of the TLS client certificate.</summary>
    public string? CertificateThumbprint { get; init; }

    /// <summary>The proof's header, of which there must be exactly one (RFC 9449 §4.3 step 1).</summary>
    public static string? DpopHeader(IHeaderDictionary headers) => headers["DPoP"] is { Count: 1 } values ? values[0] : null;
}
