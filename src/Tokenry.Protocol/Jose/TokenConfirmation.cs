using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// The binding of a token: its <c>cnf</c> claim (RFC 7800). A verifier must refuse the token if it cannot check every named confirmation, or if it knows none
/// of them.
/// </summary>
public sealed record TokenConfirmation
{
    /// <summary><c>jkt</c>: the RFC 7638 thumbprint of the key whose DPoP proof must accompany the token (RFC 9449 §6.1).</summary>
    public string? KeyThumbprint { get; init; }

    /// <summary><c>x5t#S256</c>: the SHA-256, in base64url, of the TLS client certificate that must accompany it (RFC 8705 §3.1).</summary>
    public string? CertificateThumbprint { get; init; }

    /// <summary>Whether it names only the members of this record.</summary>
    public bool IsUnderstood { get; init; } = true;

    internal static bool TryRead(JsonElement claims, out TokenConfirmation? confirmation)
    {
        confirmation = null;
        if (!claims.TryGetProperty("cnf", out var member))
        {
            return true;
        }

        if (
            member.ValueKind != JsonValueKind.Object
            || !JsonMember.TryGetOptionalText(member, "jkt", out var key)
            || !JsonMember.TryGetOptionalText(member, "x5t#S256", out var certificate)
        )
        {
            return false;
        }

        var named = (key is null ? 0 : 1) + (certificate is null ? 0 : 1);
        confirmation = new()
        {
            KeyThumbprint = key,
            CertificateThumbprint = certificate,
            IsUnderstood = named > 0 && named == member.EnumerateObject().Count(),
        };
        return true;
    }
}
