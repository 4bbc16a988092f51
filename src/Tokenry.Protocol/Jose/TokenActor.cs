using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// The party that acts for a token's subject: its <c>act</c> claim (RFC 8693 §4.1). The outermost party acts now; the inner ones acted before.
/// </summary>
/// <param name="Subject"><c>sub</c>: the acting party.</param>
/// <param name="Earlier">The party that acted before it; null for the first.</param>
public sealed record TokenActor(string Subject, TokenActor? Earlier)
{
    /// <summary>The number of parties in the chain, 1 or more.</summary>
    public int Depth => 1 + (Earlier?.Depth ?? 0);

    /// <summary>False if the claim is present and not an object with a <c>sub</c>, or if its own <c>act</c> is not valid; absent gives true and null.</summary>
    internal static bool TryRead(JsonElement claims, out TokenActor? actor)
    {
        actor = null;
        if (!claims.TryGetProperty("act", out var member))
        {
            return true;
        }

        // StrictJson.MaxDepth limits this recursion.
        if (
            member.ValueKind != JsonValueKind.Object
            || !JsonMember.TryGetText(member, "sub", out var subject)
            || !TryRead(member, out var earlier)
        )
        {
            return false;
        }

        actor = new TokenActor(subject, earlier);
        return true;
    }
}
