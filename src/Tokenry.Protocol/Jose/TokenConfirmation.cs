using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// What a token is bound to: its <c>cnf</c> claim (RFC 7800). Whoever cannot check all that is named, or finds that nothing it knows is named, must refuse the
/// token.
/// </summary>
public sealed record TokenConfirmation
{
    /// <summary><c>jkt</c>: the RFC 7638 thumbprint of the key whose DPoP proof must come with the token (RFC 9449 §6.1).</summary>
    public string? KeyThumbprint { get; init; }

    /// <summary><c>x5t#S256</c>: the SHA-256 of the TLS client certificate it must come with, in base64url (RFC 8705 §3.1).</summary>
    public string? CertificateThumbprint { get; init; }

    /// <summary>Whether it names nothing but what stands here.</summary>
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
