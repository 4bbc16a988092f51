using System.Globalization;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Http;

/// <summary>Collects the errors of a request by member, so that the answer reports all of them at once.</summary>
public sealed class Validation
{
    public const int LongestName = 200;
    private const int LongestShown = 100;
    private const int MostFaults = 20;
    private const int LongestMetadata = 4096;

    /// <summary>The fault of a field that holds nothing.</summary>
    public static readonly FieldFault Empty = new("empty", "must not be empty");

    /// <summary>The fault of a time that is over.</summary>
    public static readonly FieldFault Past = new("past", "lies in the past");

    private Dictionary<string, List<FieldFault>>? faults;

    /// <summary>The fault of a number that is too small or too large.</summary>
    public static FieldFault Between(long least, long most) =>
        new("between", $"must be from {least} to {most}", ("least", least), ("most", most));

    public bool IsEmpty => faults is null;

    public void Require(bool condition, string member, FieldFault fault)
    {
        if (!condition)
        {
            faults ??= new(StringComparer.Ordinal);
            if (!faults.TryGetValue(member, out var list))
            {
                faults[member] = list = [];
            }

            if (list.Count < MostFaults)
            {
                list.Add(fault);
            }
        }
    }

    /// <exception cref="ProblemException">400 with all collected errors.</exception>
    public void ThrowIfAny()
    {
        if (faults is not null)
        {
            throw new ProblemException(400, ProblemCode.InvalidRequest, "The request is not valid. See errors.")
            {
                Errors = faults.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray(), StringComparer.Ordinal),
            };
        }
    }

    /// <summary>Validates a name for people: trimmed, 1…200 characters, without characters that hide or reorder text.</summary>
    public string Name(string member, string? value)
    {
        var name = value?.Trim() ?? "";
        Require(name.Length > 0, member, Empty);
        Text(member, name, LongestName);
        return name;
    }

    public void Text(string member, string? value, int longest)
    {
        if (value is not null)
        {
            Require(value.Length <= longest, member, new FieldFault("too_long", $"is longer than {longest} characters", ("n", longest)));
            Require(
                IsReadable(value),
                member,
                new FieldFault("unreadable", "contains control characters, or invisible characters that hide or reorder text")
            );
        }
    }

    public void IpRanges(string member, IReadOnlyList<string>? ranges)
    {
        if (ranges is null)
        {
            return;
        }

        Require(
            ranges.Count is > 0 and <= 100,
            member,
            new FieldFault("networks_count", "must have 1 to 100 ranges; null allows every address", ("n", 100))
        );
        foreach (var range in ranges.Take(100))
        {
            Require(
                TokenryOptions.TryParseNetwork(range ?? "", out _),
                member,
                new FieldFault(
                    "not_network",
                    $"'{Shown(range)}' is not an address or a CIDR range such as 10.0.0.0/8",
                    ("value", Shown(range))
                )
            );
        }
    }

    public void Metadata(string member, JsonElement? metadata)
    {
        if (metadata is not { } element)
        {
            return;
        }

        Require(element.ValueKind == JsonValueKind.Object, member, "must be a JSON object");
        Require(IsText(element), member, "contains text that is not valid Unicode");
        Require(Encoding.UTF8.GetByteCount(element.GetRawText()) <= LongestMetadata, member, $"is larger than {LongestMetadata} bytes");
    }

    /// <summary>Whether every string can be written again: the raw JSON reader accepts an escaped unpaired surrogate.</summary>
    private static bool IsText(JsonElement element)
    {
        try
        {
            return element.ValueKind switch
            {
                JsonValueKind.Object => element.EnumerateObject().All(member => member.Name is not null && IsText(member.Value)),
                JsonValueKind.Array => element.EnumerateArray().All(IsText),
                JsonValueKind.String => element.GetString() is not null,
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>A text from a caller, safe to show in an answer.</summary>
    public static string Shown(string? text) =>
        text is null ? "null"
        : !IsClean(text) ? "(unprintable)"
        : text.Length <= LongestShown ? text
        : Cut(text, LongestShown) + "…";

    /// <summary>The first characters of a text, without splitting a surrogate pair, which no store accepts.</summary>
    public static string Cut(string text, int longest) =>
        text.Length <= longest ? text : text[..(char.IsLowSurrogate(text[longest]) ? longest - 1 : longest)];

    /// <summary>No control, formatting (bidi, zero-width), line-separator, private-use or unpaired surrogate character.</summary>
    public static bool IsClean(string text) => IsClean(text, takesJoiners: false);

    /// <summary>Like <see cref="IsClean(string)"/>, but allows joiners that belong to a word or an emoji: for texts that people write for people.</summary>
    public static bool IsReadable(string text) => IsClean(text, takesJoiners: true);

    private static bool IsClean(string text, bool takesJoiners)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune))
            {
                return false;
            }

            if (takesJoiners && Joiners.MayStand(text, i))
            {
                continue;
            }

            if (
                Rune.GetUnicodeCategory(rune)
                is UnicodeCategory.Control
                    or UnicodeCategory.Format
                    or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator
                    or UnicodeCategory.PrivateUse
                    or UnicodeCategory.OtherNotAssigned
            )
            {
                return false;
            }

            i += rune.Utf16SequenceLength - 1;
        }

        return true;
    }
}
