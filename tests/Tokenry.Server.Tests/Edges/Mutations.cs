namespace Tokenry.Server.Tests.Edges;

/// <summary>All small ways in which a credential can be another string than itself (security §2 row 9).</summary>
internal static class Mutations
{
    private const string Replacements = "0Az_-. %";

    private static readonly string[] Around =
    [
        " ",
        "\t",
        "\n",
        "\r\n",
        "\0",
        "\"",
        "'",
        "=",
        ".",
        "_",
        "A",
        "0",
        "%20",
        "+",
        "\u200b",
        "\ufeff",
        ",",
    ];

    /// <param name="credential">The one that is good.</param>
    /// <param name="every">Of long ones, only every so many places are changed.</param>
    public static IEnumerable<string> Of(string credential, int every = 1) =>
        Enumerable
            .Range(0, credential.Length)
            .SelectMany(at => At(credential, at, isWhole: at % every == 0 || at > credential.Length - 4))
            .Concat(Around.SelectMany(around => new[] { around + credential, credential + around, around + credential + around }))
            .Concat([
                credential + credential,
                $"{credential} {credential}",
                $"{credential},{credential}",
                credential.ToUpperInvariant(),
                credential.ToLowerInvariant(),
                Uri.HexEscape(credential[0]) + credential[1..],
                string.Concat(credential.Select(character => character < 0x80 ? Uri.HexEscape(character) : "")),
                Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(credential)),
                new([.. credential.Reverse()]),
            ])
            .Where(text => text != credential)
            .Distinct(StringComparer.Ordinal);

    private static IEnumerable<string> At(string text, int at, bool isWhole)
    {
        yield return text[..at]; // every prefix
        yield return text[(at + 1)..];
        yield return text[..at]
            + (char.IsUpper(text[at]) ? char.ToLowerInvariant(text[at]) : char.ToUpperInvariant(text[at]))
            + text[(at + 1)..];
        if (!isWhole)
        {
            yield break;
        }

        yield return text[..at] + text[(at + 1)..];
        yield return text[..at] + text[at] + text[at..];
        yield return text[..at] + '\0' + text[at..];
        yield return text[..at] + Uri.HexEscape(text[at]) + text[(at + 1)..];
        // The next character of the alphabet differs in the lowest bits alone, which a lax decoder overlooks at the end of base64url.
        foreach (var replacement in Replacements.Append((char)(text[at] ^ 1)))
        {
            yield return text[..at] + replacement + text[(at + 1)..];
        }
    }
}
