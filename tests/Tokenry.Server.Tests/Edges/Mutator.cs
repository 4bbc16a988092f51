namespace Tokenry.Server.Tests.Edges;

/// <summary>
/// Spoils what is well-formed, a little or a lot: most of what comes out is almost right, which is where parsers err. The same seed gives
/// the same text.
/// </summary>
internal sealed class Mutator(int seed)
{
    private const int LongestRepeat = 2000;

    /// <summary>What has broken parsers before: separators, escapes, ends of ranges, characters that hide.</summary>
    private static readonly string[] Dictionary =
    [
        "",
        " ",
        "\t",
        "\r\n",
        "\n",
        "\0",
        "\u001b",
        "\u007f",
        "\u0085",
        "\u2028",
        "\u202e",
        "\u200b",
        "\ufeff",
        "\ud800",
        "\udc00",
        "\ufffd",
        "é",
        "😀",
        "İ",
        "%",
        "%00",
        "%zz",
        "%c0%af",
        "%2e%2e",
        "%25",
        "%u0061",
        "+",
        "&",
        "=",
        "==",
        ";",
        ",",
        ":",
        "::",
        "/",
        "//",
        "\\",
        "..",
        ".",
        "*",
        "?",
        "#",
        "'",
        "\"",
        "`",
        "<",
        ">",
        "|",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "{}",
        "[]",
        "{\"",
        "\":",
        "\\u0000",
        "\\ud800",
        "\\",
        "\\\"",
        "null",
        "true",
        "0",
        "-1",
        "1e999",
        "1E400",
        "-0",
        "0.1",
        "2147483648",
        "9223372036854775808",
        "99999999999999999999",
        "0x10",
        "NaN",
        "$ne",
        "' OR 1=1--",
        "${jndi:x}",
        "{0}",
        "%s%n",
        "eyJ",
        "none",
        "Bearer ",
        "Basic ",
        "tkr_",
        "_",
        "-",
        "~",
        "9999-12-31T23:59:59Z",
        "0000-00-00T00:00:00Z",
        "::ffff:127.0.0.1",
        "0.0.0.0/0",
        "/33",
    ];

    private readonly Random random = new(seed);

    /// <summary>A number below <paramref name="below"/>, for choices that belong to the same seed.</summary>
    public int Next(int below) => random.Next(below);

    public T Choose<T>(IReadOnlyList<T> items) => items[random.Next(items.Count)];

    /// <summary>One of the samples, with one to eight things done to it.</summary>
    public string Mutate(IReadOnlyList<string> samples)
    {
        var text = Choose(samples);
        for (var rounds = 1 + random.Next(random.Next(1, 9)); rounds > 0; rounds--)
        {
            text = Once(text, samples);
        }

        return text;
    }

    private string Once(string text, IReadOnlyList<string> samples)
    {
        var at = random.Next(text.Length + 1);
        var length = Math.Min(random.Next(1, 9), text.Length - at);
        var end = at + length;
        return random.Next(12) switch
        {
            0 => text[..at],
            1 => text[at..],
            2 => text[..at] + text[end..],
            3 or 4 => text[..at] + Choose(Dictionary) + text[at..],
            5 or 6 => text[..at] + Choose(Dictionary) + text[end..],
            7 => text[..end] + text[at..],
            8 => Splice(text, Choose(samples), at),
            9 when length > 0 => text[..at] + (char)(text[at] ^ (1 << random.Next(random.Next(4) == 0 ? 16 : 8))) + text[(at + 1)..],
            10 when length > 0 => text[..at]
                + (char.IsUpper(text[at]) ? char.ToLowerInvariant(text[at]) : char.ToUpperInvariant(text[at]))
                + text[(at + 1)..],
            11 => text[..at] + string.Concat(Enumerable.Repeat(Choose(Dictionary), random.Next(LongestRepeat) / 8)) + text[at..],
            _ => text + Choose(Dictionary),
        };
    }

    private string Splice(string text, string other, int at) => text[..at] + other[random.Next(other.Length + 1)..];
}
