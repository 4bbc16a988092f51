using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>What an application's TLS client certificate is known by: either it is that very one, or it is whatever an authority issued to that name.</summary>
public sealed record RegisteredCertificate
{
    /// <summary>Of one certificate (<c>self_signed_tls_client_auth</c>, RFC 8705 §2.2): its SHA-256 in base64url.</summary>
    [JsonPropertyName("x5t#S256")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Thumbprint { get; init; }

    /// <summary>Of one certificate: its subject, as RFC 4514 writes it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Subject { get; init; }

    /// <summary>Of one certificate: the last instant of its validity.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>Of any certificate with a name (<c>tls_client_auth</c>, RFC 8705 §2.1).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TlsClientAuth? TlsClientAuth { get; init; }
}

/// <summary>Which certificates authenticate an application: the one name that must be in them, and who may have issued them.</summary>
public sealed record TlsClientAuth
{
    /// <summary>The whole subject, as RFC 4514 writes it: <c>CN=billing,O=Example</c>. Compared part by part, whatever the encoding; letter case counts.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SubjectDn { get; init; }

    /// <summary>Instead: a <c>dNSName</c> of the subject alternative names; letter case does not count, a wildcard is no name.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SanDns { get; init; }

    /// <summary>Instead: a <c>uniformResourceIdentifier</c>, such as a SPIFFE id, byte for byte.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SanUri { get; init; }

    /// <summary>Instead: an <c>iPAddress</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SanIp { get; init; }

    /// <summary>Instead: an <c>rfc822Name</c>, byte for byte.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SanEmail { get; init; }

    /// <summary>
    /// Who may have issued it: 1…20 certificates in PEM, at least one of them a root (self-signed). Chains are built to these and to nothing else;
    /// intermediate authorities may stand here, and must where a proxy forwards the certificate alone.
    /// </summary>
    public required string CaCertificates { get; init; }
}

/// <summary>Body of <c>POST /v1/applications/{id}/certificates</c>: one certificate, or which ones.</summary>
/// <remarks>Without <c>expires_at</c> the credential ends with the certificate's own validity.</remarks>
public sealed record ClientCertificateRequest : NewCredentialRequest
{
    /// <summary><c>-----BEGIN CERTIFICATE-----</c> (RFC 7468 §5), one: that certificate authenticates the application, whoever issued it.</summary>
    public string? Certificate { get; init; }

    /// <summary>Instead: every certificate with that name from those authorities.</summary>
    public TlsClientAuth? TlsClientAuth { get; init; }

    /// <inheritdoc cref="Credential.RotateEveryDays"/>
    [JsonPropertyOrder(5)]
    public int? RotateEveryDays { get; init; }
}
