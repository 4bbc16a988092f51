using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Tokenry.Protocol.Access;

/// <summary>
/// Which objects of an API a credential is limited to: <c>repo:acme/web</c> names one, <c>repo:acme/*</c> all whose name begins so. The star
/// stands for any text, the empty one and slashes included, and only at the end. Case-sensitive, compared byte for byte. Immutable.
/// An id is no path to be resolved: one with a <c>..</c> segment or <c>//</c>, which an API might read as another, is neither pattern nor object.
/// </summary>
public sealed class ObjectPattern
{
    /// <summary>The longest pattern or object, type and colon included, in characters.</summary>
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

    /// <summary>What stands before the first colon, e.g. <c>repo</c>; one of the API's declared object types, or not: that is the caller's check.</summary>
    public string Type { get; }

    private ReadOnlySpan<char> Prefix => text.AsSpan(0, text.Length - 1);

    /// <summary>
    /// Reads <c>type:id</c>: at most 200 characters; type <c>[A-Za-z][A-Za-z0-9_.-]{0,63}</c>; id at least one printable ASCII character, no
    /// spaces, with a <c>*</c> at most once and last, without <c>..</c> as a segment and without <c>//</c>. A backslash separates segments too, and
    /// <c>%2E</c>, <c>%2F</c> and <c>%5C</c> count as what they stand for.
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

    /// <summary>True for the name of one object: as a pattern, but without <c>*</c>.</summary>
    public static bool IsValidObject(ReadOnlySpan<char> text) => TrySplit(text, out _) && !text.Contains(Star);

    /// <summary>True when the pattern names this object. A text that is no object (<see cref="IsValidObject"/>) is never matched.</summary>
    public bool Matches(ReadOnlySpan<char> objectText) =>
        IsValidObject(objectText) && (isPrefix ? objectText.StartsWith(Prefix, StringComparison.Ordinal) : objectText.SequenceEqual(text));

    /// <summary>
    /// True when everything <paramref name="other"/> matches is matched here too: how a narrower credential is told from a wider one when
    /// one mints the other.
    /// </summary>
    public bool Covers(ObjectPattern other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var othersFixedPart = other.isPrefix ? other.Prefix : other.text;
        return isPrefix
            ? othersFixedPart.StartsWith(Prefix, StringComparison.Ordinal)
            : string.Equals(text, other.text, StringComparison.Ordinal);
    }

    /// <summary>The text it was read from.</summary>
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

    /// <summary>Whether a server that resolves paths could read the id as another: <c>acme/../other</c>, <c>acme//web</c>.</summary>
    private static bool Wanders(ReadOnlySpan<char> id)
    {
        const char separator = '/';
        var (length, dots, separated) = (0, 0, false);
        for (var at = 0; at <= id.Length; at++)
        {
            // A star ends what is fixed, and may stand for a separator.
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

    /// <summary>The character there, percent-encoded or not, of those that mean something in a path; <paramref name="at"/> moves to its end.</summary>
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
