using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>Typed reading of one member of an object: the member is absent, of the right type, or wrong. Never throws for an object.</summary>
internal static class JsonMember
{
    /// <summary>The last second of the year 9999, in Unix time.</summary>
    private const long LastSecond = 253_402_300_799;

    /// <summary>False if the member is present and not a string; absent gives true and null.</summary>
    public static bool TryGetOptionalText(JsonElement source, string name, out string? text)
    {
        text = null;
        return !source.TryGetProperty(name, out var member) || TryGetText(member, out text);
    }

    /// <summary>False unless the member is a string of at least one character.</summary>
    public static bool TryGetText(JsonElement source, string name, [NotNullWhen(true)] out string? text)
    {
        text = null;
        return source.TryGetProperty(name, out var member) && TryGetText(member, out text) && text.Length > 0;
    }

    /// <summary>
    /// False unless the member is a NumericDate (RFC 7519 §2) from 1970 to the year 9999. Any JSON number is accepted: some clients send fractions of a second,
    /// and some libraries write large numbers with an exponent. The fraction below 100 ns is cut off.
    /// </summary>
    public static bool TryGetTime(JsonElement source, string name, out DateTimeOffset time)
    {
        time = default;
        if (!source.TryGetProperty(name, out var member) || member.ValueKind != JsonValueKind.Number)
        {
            return false;
        }

        if (member.TryGetInt64(out var seconds))
        {
            if (seconds is < 0 or > LastSecond)
            {
                return false;
            }

            time = DateTimeOffset.FromUnixTimeSeconds(seconds);
            return true;
        }

        if (!member.TryGetDecimal(out var fractional) || fractional is < 0 or > LastSecond)
        {
            return false;
        }

        time = DateTimeOffset.UnixEpoch.AddTicks((long)(fractional * TimeSpan.TicksPerSecond));
        return true;
    }

    /// <summary>Like <see cref="TryGetTime"/>; absent gives true and null.</summary>
    public static bool TryGetOptionalTime(JsonElement source, string name, out DateTimeOffset? time)
    {
        time = null;
        if (!source.TryGetProperty(name, out _))
        {
            return true;
        }

        var isTime = TryGetTime(source, name, out var read);
        time = isTime ? read : null;
        return isTime;
    }

    /// <summary>False unless the element is an array of non-empty strings.</summary>
    public static bool TryGetTexts(JsonElement array, [NotNullWhen(true)] out string[]? texts)
    {
        texts = null;
        if (array.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        var read = new string[array.GetArrayLength()];
        var index = 0;
        foreach (var item in array.EnumerateArray())
        {
            if (!TryGetText(item, out var text) || text.Length == 0)
            {
                return false;
            }

            read[index++] = text;
        }

        texts = read;
        return true;
    }

    private static bool TryGetText(JsonElement element, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (element.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        try
        {
            text = element.GetString();
        }
        catch (InvalidOperationException)
        {
            // Invalid UTF-8 or a lone surrogate in a document that StrictJson did not read.
        }

        return text is not null;
    }
}
