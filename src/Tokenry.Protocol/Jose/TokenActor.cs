using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>Who acts for a token's subject: its <c>act</c> claim (RFC 8693 §4.1). The outermost acts now, those within acted before.</summary>
/// <param name="Subject"><c>sub</c>: the party that acts.</param>
/// <param name="Earlier">Who acted before it, in whose name it was asked; null for the first.</param>
public sealed record TokenActor(string Subject, TokenActor? Earlier)
{
    /// <summary>How many have acted one for the other, 1 or more.</summary>
    public int Depth => 1 + (Earlier?.Depth ?? 0);

    /// <summary>False for a claim that is there and is not an object with a <c>sub</c>, or whose own <c>act</c> is none; absent gives true and null.</summary>
    internal static bool TryRead(JsonElement claims, out TokenActor? actor)
    {
        actor = null;
        if (!claims.TryGetProperty("act", out var member))
        {
            return true;
        }

        // The depth of the document bounds how far this goes (StrictJson.MaxDepth).
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
