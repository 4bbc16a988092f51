using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>
/// Identifies an application's TLS client certificate: either one certificate, or every certificate that a trusted authority issued to a name.
/// </summary>
public sealed record RegisteredCertificate
{
    /// <summary>For one certificate (<c>self_signed_tls_client_auth</c>, RFC 8705 §2.2): its SHA-256 in base64url.</summary>
    [JsonPropertyName("x5t#S256")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Thumbprint { get; init; }

    /// <summary>For one certificate: its subject, written as in RFC 4514.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Subject { get; init; }

    /// <summary>For one certificate: the last instant of its validity.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>For every certificate with a name (<c>tls_client_auth</c>, RFC 8705 §2.1).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TlsClientAuth? TlsClientAuth { get; init; }
}

/// <summary>Which certificates authenticate an application: the one name that they must contain, and the authorities that may issue them.</summary>
public sealed record TlsClientAuth
{
    /// <summary>
    /// The whole subject, written as in RFC 4514: <c>CN=billing,O=Example</c>. The server compares it attribute by attribute, case-sensitively and
    /// independently of the encoding.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SubjectDn { get; init; }

    /// <summary>Alternative: a <c>dNSName</c> of the subject alternative names. Letter case does not matter; wildcards are not allowed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SanDns { get; init; }

    /// <summary>Alternative: a <c>uniformResourceIdentifier</c>, such as a SPIFFE id; compared byte for byte.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SanUri { get; init; }

    /// <summary>Alternative: an <c>iPAddress</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SanIp { get; init; }

    /// <summary>Alternative: an <c>rfc822Name</c>; compared byte for byte.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SanEmail { get; init; }

    /// <summary>
    /// The authorities that may issue the certificate: 1…20 certificates in PEM, at least one of them a self-signed root. The server builds chains only to
    /// these. Include the intermediate authorities if a proxy forwards only the client's certificate.
    /// </summary>
    public required string CaCertificates { get; init; }
}

/// <summary>Body of <c>POST /v1/applications/{id}/certificates</c>: one certificate, or a rule for certificates.</summary>
/// <remarks>Without <c>expires_at</c>, the credential expires with the certificate.</remarks>
public sealed record ClientCertificateRequest : NewCredentialRequest
{
    /// <summary>
    /// One certificate, <c>-----BEGIN CERTIFICATE-----</c> (RFC 7468 §5). It authenticates the application, no matter which authority issued it.
    /// </summary>
    public string? Certificate { get; init; }

    /// <summary>Alternative: every certificate with that name from those authorities.</summary>
    public TlsClientAuth? TlsClientAuth { get; init; }

    /// <inheritdoc cref="Credential.RotateEveryDays"/>
    [JsonPropertyOrder(5)]
    public int? RotateEveryDays { get; init; }
}
