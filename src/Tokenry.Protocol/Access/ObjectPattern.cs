using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Tokenry.Protocol.Access;

/// <summary>
/// The objects of an API to which a credential is limited: <c>repo:acme/web</c> names one, <c>repo:acme/*</c> all objects whose name starts with
/// <c>repo:acme/</c>. The star may appear only at the end. It matches any text, including slashes and the empty text. Comparison is byte for byte. Immutable.
/// An id with a <c>..</c> segment or <c>//</c> is neither a pattern nor an object, because an API might resolve it to another path.
/// </summary>
public sealed class ObjectPattern
{
    /// <summary>The longest pattern or object in characters, including type and colon.</summary>
    public const int MaxLength = 200;

    private const int MaxTypeLength = 64;
    private const char Star = '*';

    private static readonly SearchValues<char> TypeCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
    );

    private readonly string text;
    private readonly bool isPrefix;

    private ObjectPattern(string text, string type)
    {
        this.text = text;
        Type = type;
        isPrefix = text[^1] == Star;
    }

    /// <summary>The text before the first colon, e.g. <c>repo</c>. The caller checks whether the API declares this object type.</summary>
    public string Type { get; }

    private ReadOnlySpan<char> Prefix => text.AsSpan(0, text.Length - 1);

    /// <summary>
    /// Reads <c>type:id</c>: at most 200 characters; type <c>[A-Za-z][A-Za-z0-9_.-]{0,63}</c>; id at least one printable ASCII character, no spaces, at most
    /// one <c>*</c> and only as the last character, no <c>..</c> segment and no <c>//</c>. A backslash separates segments too, and <c>%2E</c>, <c>%2F</c> and
    /// <c>%5C</c> count as the characters that they encode.
    /// </summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ObjectPattern? pattern)
    {
        pattern = null;
        if (text is null || !TrySplit(text, out var colon))
        {
            return false;
        }

        var star = text.IndexOf(Star, StringComparison.Ordinal);
        if (star >= 0 && star != text.Length - 1)
        {
            return false;
        }

        pattern = new ObjectPattern(text, text[..colon]);
        return true;
    }

    /// <summary>True for the name of one object: like a pattern, but without <c>*</c>.</summary>
    public static bool IsValidObject(ReadOnlySpan<char> text) => TrySplit(text, out _) && !text.Contains(Star);

    /// <summary>True if the pattern matches this object; false for a text that is not an object (<see cref="IsValidObject"/>).</summary>
    public bool Matches(ReadOnlySpan<char> objectText) =>
        IsValidObject(objectText) && (isPrefix ? objectText.StartsWith(Prefix, StringComparison.Ordinal) : objectText.SequenceEqual(text));

    /// <summary>
    /// True if this pattern matches everything that <paramref name="other"/> matches. The minting rule uses it: a credential may mint only credentials that are
    /// no wider than itself.
    /// </summary>
    public bool Covers(ObjectPattern other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var othersFixedPart = other.isPrefix ? other.Prefix : other.text;
        return isPrefix
            ? othersFixedPart.StartsWith(Prefix, StringComparison.Ordinal)
            : string.Equals(text, other.text, StringComparison.Ordinal);
    }

    /// <summary>The text from which it was read.</summary>
    public override string ToString() => text;

    private static bool TrySplit(ReadOnlySpan<char> text, out int colon)
    {
        colon = -1;
        if (text.Length > MaxLength)
        {
            return false;
        }

        colon = text.IndexOf(':');
        return colon is > 0 and <= MaxTypeLength
            && colon < text.Length - 1
            && char.IsAsciiLetter(text[0])
            && !text[..colon].ContainsAnyExcept(TypeCharacters)
            && !text[(colon + 1)..].ContainsAnyExceptInRange('!', '~')
            && !Wanders(text[(colon + 1)..]);
    }

    /// <summary>Whether a server that resolves paths could read the id as another one: <c>acme/../other</c>, <c>acme//web</c>.</summary>
    private static bool Wanders(ReadOnlySpan<char> id)
    {
        const char separator = '/';
        var (length, dots, separated) = (0, 0, false);
        for (var at = 0; at <= id.Length; at++)
        {
            // A star ends the fixed part, and may match a separator.
            var next = at == id.Length || id[at] == Star ? separator : Plain(id, ref at);
            if (next is not (separator or '\\'))
            {
                length++;
                dots += next == '.' ? 1 : 0;
                continue;
            }

            var isEnd = at >= id.Length || id[at] == Star;
            if ((dots == 2 && length == 2) || (length == 0 && separated && !isEnd))
            {
                return true;
            }

            (length, dots, separated) = (0, 0, true);
        }

        return false;
    }

    /// <summary>
    /// The character at <paramref name="at"/>, decoded if it is a percent-encoded character of path syntax; <paramref name="at"/> moves to its end.
    /// </summary>
    private static char Plain(ReadOnlySpan<char> id, ref int at)
    {
        var plain =
            id[at] != '%' || id.Length - at < 3 ? id[at]
            : id.Slice(at + 1, 2).Equals("2E", StringComparison.OrdinalIgnoreCase) ? '.'
            : id.Slice(at + 1, 2).Equals("2F", StringComparison.OrdinalIgnoreCase) ? '/'
            : id.Slice(at + 1, 2).Equals("5C", StringComparison.OrdinalIgnoreCase) ? '\\'
            : '%';
        at += id[at] == '%' && plain != '%' ? 2 : 0;
        return plain;
    }
}
