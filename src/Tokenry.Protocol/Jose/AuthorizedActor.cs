using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>The only party that may act for a token's subject: its <c>may_act</c> claim (RFC 8693 §4.4).</summary>
/// <param name="Subject"><c>sub</c> of that party.</param>
/// <param name="Issuer"><c>iss</c>: the issuer that defines <paramref name="Subject"/>; null = the token's own issuer.</param>
/// <param name="IsUnderstood">Whether only these members identify the party. A server that cannot check a further member must not let the party act.</param>
public sealed record AuthorizedActor(string Subject, string? Issuer, bool IsUnderstood)
{
    /// <summary>Whether it is this party of this issuer, and fully understood.</summary>
    public bool Is(string subject, string issuer) => IsUnderstood && Subject == subject && (Issuer is null || Issuer == issuer);

    internal static bool TryRead(JsonElement claims, out AuthorizedActor? actor)
    {
        actor = null;
        if (!claims.TryGetProperty("may_act", out var member))
        {
            return true;
        }

        if (
            member.ValueKind != JsonValueKind.Object
            || !JsonMember.TryGetText(member, "sub", out var subject)
            || !JsonMember.TryGetOptionalText(member, "iss", out var issuer)
        )
        {
            return false;
        }

        actor = new AuthorizedActor(subject, issuer, member.EnumerateObject().All(part => part.Name is "sub" or "iss"));
        return true;
    }
}
