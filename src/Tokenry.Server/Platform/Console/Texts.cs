using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json.Serialization;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Platform.Console;

/// <summary>
/// The texts of one language, by key, and how it writes times and numbers. Values appear in a text as <c>{name}</c>. A text that counts has the keys
/// <c>….one</c> and <c>….other</c>.
/// </summary>
public sealed class Texts(string tag, FrozenDictionary<string, string> texts)
{
    /// <summary>The BCP 47 tag, for <c>lang</c>.</summary>
    public string Tag => tag;

    /// <exception cref="KeyNotFoundException">No text has this key; a test finds that.</exception>
    public string this[string key] => texts[key];

    public string this[string key, params ReadOnlySpan<(string Name, object Value)> values]
    {
        get
        {
            var text = texts[key];
            foreach (var (name, value) in values)
            {
                text = text.Replace($"{{{name}}}", Shown(value), StringComparison.Ordinal);
            }

            return text;
        }
    }

    /// <summary>The text with this key, or the key itself: for titles that are names.</summary>
    public string OrPlain(string key) => texts.GetValueOrDefault(key, key);

    /// <summary>The text of a value from a closed set, such as a state; the value itself if the set has grown.</summary>
    public string Of(string prefix, string value) => texts.GetValueOrDefault($"{prefix}.{value}", value);

    /// <summary>What the server says in the language of the page.</summary>
    public string Of(PageText text) => this[text.Key, text.Values];

    /// <summary>What is wrong with a field; in the server's own words if it has no text.</summary>
    public string Of(FieldFault fault) => fault.Text is { } text ? Of(text) : fault.Words;

    /// <summary>A text that counts; <c>{n}</c> is the number.</summary>
    public string Count(string key, long number) => this[$"{key}.{(number == 1 ? "one" : "other")}", ("n", number)];

    private string Shown(object value) => value as string ?? (value is DateTimeOffset time ? Moment(time) : Number(value));

    public string Number(object value) =>
        value is IFormattable number
            ? number
                .ToString(value is double ? "#,0.#" : "#,0", CultureInfo.InvariantCulture)
                .Replace(",", this["format.thousands"], StringComparison.Ordinal)
            : value.ToString() ?? "";

    /// <summary>A day, such as 27 February 2099.</summary>
    public string Day(DateTimeOffset time) =>
        this["format.day"]
            .Replace("{day}", time.Day.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{month}", this[$"month.{time.Month}"], StringComparison.Ordinal)
            .Replace("{year}", time.Year.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    /// <summary>A day and time with its zone, exact to the second.</summary>
    public string Moment(DateTimeOffset time) => $"{Day(time)}, {time.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture)} UTC";

    /// <summary>A length of time in the largest unit that gives a whole number.</summary>
    public string Length(TimeSpan length) =>
        length.Ticks % TimeSpan.TicksPerDay == 0 ? Count("expiry.days", length.Days)
        : length.Ticks % TimeSpan.TicksPerHour == 0 ? Count("expiry.hours", length.Ticks / TimeSpan.TicksPerHour)
        : length.Ticks % TimeSpan.TicksPerMinute == 0 ? Count("expiry.minutes", length.Ticks / TimeSpan.TicksPerMinute)
        : Count("api.seconds", length.Ticks / TimeSpan.TicksPerSecond);

    /// <summary>How long ago, or in how long, in the largest unit that fits.</summary>
    public string Relative(DateTimeOffset time, DateTimeOffset now)
    {
        var span = time - now;
        var direction = span < TimeSpan.Zero ? "ago" : "in";
        span = span.Duration();
        return span switch
        {
            { TotalSeconds: < 60 } => Count($"time.seconds_{direction}", (long)span.TotalSeconds),
            { TotalMinutes: < 60 } => Count($"time.minutes_{direction}", (long)span.TotalMinutes),
            { TotalHours: < 24 } => Count($"time.hours_{direction}", (long)span.TotalHours),
            _ => Count($"time.days_{direction}", (long)Math.Round(span.TotalDays)),
        };
    }
}

[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class TextsJson : JsonSerializerContext;
