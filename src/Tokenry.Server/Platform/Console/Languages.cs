using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text.Json;

namespace Tokenry.Server.Platform.Console;

/// <summary>The languages of the pages, each one file of texts in the assembly. Chosen by cookie, then by <c>Accept-Language</c>.</summary>
public static class Languages
{
    public const string Default = "en";

    /// <summary>English with longer words in brackets, which shows texts that are cut off and texts that are not translated.</summary>
    public const string Pseudo = "en-x-pseudo";

    /// <summary>The tag and the language's own name, in the order of the choice.</summary>
    public static readonly IReadOnlyList<(string Tag, string Name)> All =
    [
        ("en", "English"),
        ("zh-Hant-TW", "繁體中文（台灣）"),
        ("zh-Hant-HK", "繁體中文（香港）"),
        ("zh-Hans", "简体中文"),
        ("nl", "Nederlands"),
    ];

    private static readonly ConcurrentDictionary<string, Texts> Loaded = new(StringComparer.Ordinal);

    public static bool IsKnown(string tag) => All.Any(language => language.Tag == tag);

    public static Texts Of(HttpContext context) => Named(Choose(context));

    /// <summary>The texts of the first of these languages that is known; of the default if none is.</summary>
    public static Texts Chosen(params ReadOnlySpan<string?> tags)
    {
        foreach (var tag in tags)
        {
            if (tag is not null && IsKnown(tag))
            {
                return Named(tag);
            }
        }

        return Named(Default);
    }

    /// <summary>The texts of a language.</summary>
    public static Texts Named(string tag) => Loaded.GetOrAdd(tag, Load);

    /// <summary>The best of the languages that a browser accepts (RFC 9110 §12.5.4).</summary>
    internal static string Best(string accepted)
    {
        var ranges = accepted
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Take(20)
            .Select(range => range.Split(';', StringSplitOptions.TrimEntries))
            .Select(parts => (Tag: parts[0], Quality: QualityOf(parts)))
            .Where(range => range.Quality > 0)
            .OrderByDescending(range => range.Quality);
        foreach (var (tag, _) in ranges)
        {
            if (Match(tag.ToLowerInvariant()) is { } known)
            {
                return known;
            }
        }

        return Default;
    }

    private static string Choose(HttpContext context)
    {
        var chosen = context.Request.Cookies[Appearance.LanguageCookie];
        return chosen is not null && (IsKnown(chosen) || chosen == Pseudo)
            ? chosen
            : Best(context.Request.Headers.AcceptLanguage.ToString());
    }

    private static string? Match(string tag) =>
        tag switch
        {
            "zh-hk" or "zh-mo" or "zh-hant-hk" or "zh-hant-mo" => "zh-Hant-HK",
            "zh-tw" or "zh-hant" or "zh-hant-tw" => "zh-Hant-TW",
            _ when tag == "zh" || tag.StartsWith("zh-", StringComparison.Ordinal) => "zh-Hans",
            _ when tag == "nl" || tag.StartsWith("nl-", StringComparison.Ordinal) => "nl",
            _ when tag == "en" || tag.StartsWith("en-", StringComparison.Ordinal) => "en",
            _ => null,
        };

    private static double QualityOf(string[] parts) =>
        parts.Skip(1).FirstOrDefault(part => part.StartsWith("q=", StringComparison.OrdinalIgnoreCase)) is { } quality
            ? double.TryParse(quality.AsSpan(2), out var value)
                ? value
                : 0
            : 1;

    private static Texts Load(string tag)
    {
        if (tag == Pseudo)
        {
            return new Texts(Pseudo, Read(Default).ToFrozenDictionary(pair => pair.Key, pair => Lengthen(pair.Value)));
        }

        return new Texts(tag, Read(tag).ToFrozenDictionary(StringComparer.Ordinal));
    }

    internal static Dictionary<string, string> Read(string tag)
    {
        using var stream = typeof(Languages).Assembly.GetManifestResourceStream($"Texts/{tag}.json")!;
        return JsonSerializer.Deserialize(stream, TextsJson.Default.DictionaryStringString)!;
    }

    /// <summary>About forty percent longer, as German or Dutch may be. Names in braces stay.</summary>
    private static string Lengthen(string text)
    {
        var inBraces = false;
        var longer = new System.Text.StringBuilder("[");
        foreach (var character in text)
        {
            inBraces = character == '{' || (inBraces && character != '}');
            longer.Append(character);
            if (!inBraces && "aeiou".Contains(character, StringComparison.Ordinal))
            {
                longer.Append(character);
            }
        }

        return longer.Append(']').ToString();
    }
}
