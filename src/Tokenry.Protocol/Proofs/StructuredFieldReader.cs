using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Tokenry.Protocol.Proofs;

/// <summary>The type of a bare item in a structured field (RFC 9651 §3.3).</summary>
internal enum StructuredKind
{
    Integer,
    String,
    Token,
    Bytes,
    Boolean,
}

/// <summary>A bare item: <paramref name="Text"/> of a string, <paramref name="Number"/> of an integer; the values of other types are not needed.</summary>
internal readonly record struct StructuredItem(StructuredKind Kind, string? Text = null, long Number = 0);

/// <summary>
/// Reads structured fields (RFC 9651 §4.2), as far as message signatures need them: dictionaries, inner lists, parameters; strings, tokens, integers, booleans
/// and byte sequences. It refuses decimals, dates and display strings, which appear in none of these fields. Total: each step advances or returns false. After
/// false, refuse the whole field.
/// </summary>
internal ref struct StructuredFieldReader(ReadOnlySpan<char> field)
{
    /// <summary>The longest accepted field, all its lines joined, in characters.</summary>
    public const int MaxLength = 8192;

    private const int MaxDigits = 15; // RFC 9651 §3.3.1

    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_-.*");
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~:/"
    );

    private readonly ReadOnlySpan<char> text = field.Trim(' ');

    /// <summary>The number of characters read so far.</summary>
    public int Position { get; private set; }

    /// <summary>True at the end of the field.</summary>
    public readonly bool IsAtEnd => Position == text.Length;

    private readonly char Next => IsAtEnd ? '\0' : text[Position];

    private readonly ReadOnlySpan<char> Rest => text[Position..];

    /// <summary>The lines of a field as one text (RFC 9110 §5.3), or null if it is longer than <see cref="MaxLength"/>.</summary>
    public static string? Join(IReadOnlyList<string?> lines)
    {
        var length = 0L;
        for (var line = 0; line < lines.Count; line++)
        {
            length += (lines[line]?.Length ?? 0) + 2;
        }

        return length - 2 > MaxLength ? null
            : lines.Count == 1 ? lines[0] ?? ""
            : string.Join(", ", lines);
    }

    /// <summary>
    /// Reads a dictionary of byte sequences without parameters; false for more than <paramref name="maxMembers"/> members and for a repeated key.
    /// </summary>
    public static bool TryReadByteSequences(
        ReadOnlySpan<char> field,
        int maxMembers,
        [NotNullWhen(true)] out Dictionary<string, byte[]>? members
    )
    {
        members = null;
        var read = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var reader = new StructuredFieldReader(field);
        while (!reader.IsAtEnd)
        {
            if (
                read.Count == maxMembers
                || !reader.TryReadKey(out var key)
                || !reader.TrySkip('=')
                || !reader.TryReadBytes(out var bytes)
                || !read.TryAdd(key.ToString(), bytes)
                || !reader.TryEndMember()
            )
            {
                return false;
            }
        }

        members = read;
        return true;
    }

    /// <summary>The text read since <paramref name="position"/>.</summary>
    public readonly ReadOnlySpan<char> Since(int position) => text[position..Position];

    /// <summary>Skips <paramref name="character"/> if it is the next one.</summary>
    public bool TrySkip(char character)
    {
        var isNext = IsBefore(character);
        Position += isNext ? 1 : 0;
        return isNext;
    }

    /// <summary>True if <paramref name="character"/> is the next one.</summary>
    public readonly bool IsBefore(char character) => !IsAtEnd && text[Position] == character;

    /// <summary>Skips spaces.</summary>
    public void SkipSpaces() => Position = text.Length - Rest.TrimStart(' ').Length;

    /// <summary>Reads the end of a dictionary member: the end of the field, or a comma followed by another member.</summary>
    public bool TryEndMember()
    {
        SkipOptionalWhitespace();
        if (IsAtEnd)
        {
            return true;
        }

        var hasComma = TrySkip(',');
        SkipOptionalWhitespace();
        return hasComma && !IsAtEnd;
    }

    /// <summary>Reads a key of a dictionary or of a parameter (§4.2.3.3).</summary>
    public bool TryReadKey(out ReadOnlySpan<char> key)
    {
        key = default;
        if (Next is not ('*' or (>= 'a' and <= 'z')))
        {
            return false;
        }

        key = Take(KeyCharacters);
        return true;
    }

    /// <summary>Reads a parameter after its semicolon (§4.2.3.2): a key, and a value unless it is true.</summary>
    public bool TryReadParameter(out ReadOnlySpan<char> key, out StructuredItem value)
    {
        value = new StructuredItem(StructuredKind.Boolean);
        SkipSpaces();
        return TryReadKey(out key) && (!TrySkip('=') || TryReadItem(out value));
    }

    /// <summary>Reads a quoted string and decodes its escapes (§4.2.5).</summary>
    public bool TryReadString([NotNullWhen(true)] out string? value)
    {
        value = null;
        if (!TrySkip('"'))
        {
            return false;
        }

        var start = Position;
        var escapes = 0;
        while (Next is >= ' ' and <= '~' and not '"')
        {
            if (TrySkip('\\'))
            {
                escapes++;
                if (Next is not ('"' or '\\'))
                {
                    return false;
                }
            }

            Position++;
        }

        var inside = Since(start);
        value = escapes == 0 ? inside.ToString() : Unescape(inside);
        return TrySkip('"');
    }

    /// <summary>Reads bytes between colons (§4.2.7), in the canonical base64 of §4.1.8.</summary>
    public bool TryReadBytes([NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (!TrySkip(':') || Rest.IndexOf(':') is not (>= 0 and var length))
        {
            return false;
        }

        var base64 = Rest[..length];
        Position += length + 1;
        var decoded = new byte[base64.Length / 4 * 3];
        if (!Convert.TryFromBase64Chars(base64, decoded, out var written))
        {
            return false;
        }

        bytes = written == decoded.Length ? decoded : decoded[..written];
        // The framework's decoder accepts white space and non-zero unused bits, which would give one signature several texts.
        return base64.SequenceEqual(Convert.ToBase64String(bytes));
    }

    private bool TryReadItem(out StructuredItem item)
    {
        item = default;
        switch (Next)
        {
            case '"':
                var isString = TryReadString(out var characters);
                item = new StructuredItem(StructuredKind.String, characters);
                return isString;
            case ':':
                item = new StructuredItem(StructuredKind.Bytes);
                return TryReadBytes(out _);
            case '?':
                item = new StructuredItem(StructuredKind.Boolean);
                Position++;
                return TrySkip('0') || TrySkip('1');
            case '*' or (>= 'A' and <= 'Z') or (>= 'a' and <= 'z'):
                item = new StructuredItem(StructuredKind.Token);
                Take(TokenCharacters);
                return true;
            default:
                return TryReadInteger(out item);
        }
    }

    private bool TryReadInteger(out StructuredItem item)
    {
        var start = Position;
        TrySkip('-');
        var digits = 0;
        while (Next is >= '0' and <= '9')
        {
            Position++;
            digits++;
        }

        var isInteger = digits is > 0 and <= MaxDigits && Next != '.';
        item = isInteger
            ? new StructuredItem(StructuredKind.Integer, Number: long.Parse(Since(start), CultureInfo.InvariantCulture))
            : default;
        return isInteger;
    }

    private static string Unescape(ReadOnlySpan<char> inside)
    {
        var unescaped = new StringBuilder(inside.Length);
        for (var at = 0; at < inside.Length; at++)
        {
            at += inside[at] == '\\' ? 1 : 0;
            unescaped.Append(inside[at]);
        }

        return unescaped.ToString();
    }

    private ReadOnlySpan<char> Take(SearchValues<char> characters)
    {
        var length = Rest.IndexOfAnyExcept(characters);
        var taken = length < 0 ? Rest : Rest[..length];
        Position += taken.Length;
        return taken;
    }

    private void SkipOptionalWhitespace() => Position = text.Length - Rest.TrimStart(" \t").Length;
}
