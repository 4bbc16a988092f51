using System.Diagnostics.CodeAnalysis;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// A pattern for a claim of another issuer's token: a text in which a <c>*</c> may replace a whole segment or the end of the last one. <c>:</c> and <c>/</c>
/// separate segments, so a <c>*</c> never matches beyond its segment: <c>repo:acme/*</c> matches neither <c>repo:acme-evil/x</c> nor
/// <c>repo:acme/web:ref:refs/heads/main</c>. Compared byte for byte.
/// </summary>
public sealed class ClaimPattern
{
    /// <summary>The longest pattern, and the longest text that matches one, in characters.</summary>
    public const int MaxLength = 1000;

    private static readonly char[] Separators = [':', '/'];

    private readonly string text;
    private readonly bool isLiteral;

    private ClaimPattern(string text) => (this.text, isLiteral) = (text, !text.Contains('*', StringComparison.Ordinal));

    /// <summary>
    /// Reads a pattern; total. It must have 1…<see cref="MaxLength"/> characters. Each <c>*</c> must be a whole segment, or the end of the last segment, after
    /// at least <paramref name="literalSegments"/> segments without <c>*</c>.
    /// </summary>
    /// <param name="text">The pattern. A literal <c>*</c> cannot be written.</param>
    /// <param name="literalSegments">How many leading segments identify the workload and must not contain <c>*</c>: at least 1.</param>
    /// <param name="pattern">The pattern.</param>
    public static bool TryParse(string text, int literalSegments, [NotNullWhen(true)] out ClaimPattern? pattern)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfLessThan(literalSegments, 1);
        pattern = null;
        if (text.Length is 0 or > MaxLength)
        {
            return false;
        }

        var index = 0;
        var rest = text.AsSpan();
        while (true)
        {
            var end = rest.IndexOfAny(Separators);
            var segment = end < 0 ? rest : rest[..end];
            var star = segment.IndexOf('*');
            if (star >= 0 && (index < literalSegments || star != segment.Length - 1 || (segment.Length > 1 && end >= 0)))
            {
                return false;
            }

            if (end < 0)
            {
                pattern = new ClaimPattern(text);
                return true;
            }

            index++;
            rest = rest[(end + 1)..];
        }
    }

    /// <summary>Whether a claim's value matches. A <c>*</c> matches at least one character.</summary>
    public bool Matches(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (isLiteral || value.Length > MaxLength)
        {
            return string.Equals(text, value, StringComparison.Ordinal);
        }

        var wanted = text.AsSpan();
        var said = value.AsSpan();
        while (true)
        {
            var wantedEnd = wanted.IndexOfAny(Separators);
            var saidEnd = said.IndexOfAny(Separators);
            // The separators must be equal too.
            if (
                (wantedEnd < 0) != (saidEnd < 0)
                || (wantedEnd >= 0 && wanted[wantedEnd] != said[saidEnd])
                || !SegmentMatches(wantedEnd < 0 ? wanted : wanted[..wantedEnd], saidEnd < 0 ? said : said[..saidEnd])
            )
            {
                return false;
            }

            if (wantedEnd < 0)
            {
                return true;
            }

            wanted = wanted[(wantedEnd + 1)..];
            said = said[(saidEnd + 1)..];
        }
    }

    /// <summary>The pattern as written.</summary>
    public override string ToString() => text;

    private static bool SegmentMatches(ReadOnlySpan<char> wanted, ReadOnlySpan<char> said) =>
        wanted is [.., '*'] ? said.Length >= wanted.Length && said.StartsWith(wanted[..^1]) : said.SequenceEqual(wanted);
}
