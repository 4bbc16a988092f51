using System.Globalization;
using System.Text;

namespace Tokenry.Server.Features.Notices.Calendars;

/// <summary>Writes a calendar as text (RFC 5545): lines that end with CRLF and are folded after 75 octets, and escaped texts.</summary>
internal sealed class CalendarText
{
    /// <summary>The octets of a line without its end (RFC 5545 §3.1).</summary>
    private const int LongestLine = 75;

    /// <summary>Programs that follow it read it again after this time (RFC 7986 §5.7).</summary>
    private const string Refresh = "PT6H";

    private readonly StringBuilder text = new();

    private CalendarText() { }

    /// <param name="name">What calendar programs show as its name.</param>
    /// <param name="events">The events.</param>
    /// <returns>The calendar in UTF-8.</returns>
    public static byte[] Write(string name, IEnumerable<CalendarEvent> events)
    {
        var calendar = new CalendarText();
        calendar.Line("BEGIN", "VCALENDAR");
        calendar.Line("VERSION", "2.0");
        calendar.Line("PRODID", "-//Tokenry//Tokenry//EN");
        calendar.Line("CALSCALE", "GREGORIAN");
        calendar.Line("NAME", Escaped(name));
        calendar.Line("X-WR-CALNAME", Escaped(name)); // programs that do not know RFC 7986 read this one
        calendar.Line("REFRESH-INTERVAL;VALUE=DURATION", Refresh);
        calendar.Line("X-PUBLISHED-TTL", Refresh);
        calendar.TimeZone();
        foreach (var what in events)
        {
            calendar.Event(what);
        }

        calendar.Line("END", "VCALENDAR");
        return Encoding.UTF8.GetBytes(calendar.text.ToString());
    }

    /// <summary>A calendar without any component is not valid (RFC 5545 §3.6), and there may be no event.</summary>
    private void TimeZone()
    {
        Line("BEGIN", "VTIMEZONE");
        Line("TZID", "UTC");
        Line("BEGIN", "STANDARD");
        Line("DTSTART", "19700101T000000");
        Line("TZOFFSETFROM", "+0000");
        Line("TZOFFSETTO", "+0000");
        Line("END", "STANDARD");
        Line("END", "VTIMEZONE");
    }

    private void Event(CalendarEvent what)
    {
        Line("BEGIN", "VEVENT");
        Line("UID", what.Uid);
        Line("DTSTAMP", Time(what.RevisedAt)); // without METHOD it is when the event was last revised (RFC 5545 §3.8.7.2)
        Line("LAST-MODIFIED", Time(what.RevisedAt));
        Line("SEQUENCE", what.Sequence.ToString(CultureInfo.InvariantCulture));
        Line("DTSTART", Time(what.At));
        Line("SUMMARY", Escaped(what.Summary));
        Line("DESCRIPTION", Escaped(what.Description));
        Line("URL", what.Url);
        Line("CLASS", "PRIVATE");
        Line("TRANSP", "TRANSPARENT"); // the person is not busy then
        Line("END", "VEVENT");
    }

    private void Line(string name, string value)
    {
        var octets = 0;
        // A rune is not cut: a reader that unfolds characters would not see it.
        foreach (var rune in $"{name}:{value}".EnumerateRunes())
        {
            if (octets + rune.Utf8SequenceLength > LongestLine)
            {
                text.Append("\r\n ");
                octets = 1;
            }

            text.Append(rune.ToString());
            octets += rune.Utf8SequenceLength;
        }

        text.Append("\r\n");
    }

    private static string Time(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A text as a value (RFC 5545 §3.3.11). Control characters other than a new line cannot be written, so they are left out.</summary>
    private static string Escaped(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var character in text.ReplaceLineEndings("\n"))
        {
            _ = character switch
            {
                '\\' or ';' or ',' => escaped.Append('\\').Append(character),
                '\n' => escaped.Append("\\n"),
                _ when char.IsControl(character) => escaped,
                _ => escaped.Append(character),
            };
        }

        return escaped.ToString();
    }
}

/// <summary>An event of a calendar; times in Unix ms.</summary>
internal sealed record CalendarEvent
{
    /// <summary>Its name in all versions of the calendar, and in no other calendar.</summary>
    public required string Uid { get; init; }

    public required long At { get; init; }

    /// <summary>When the calendar's words or times for it last changed.</summary>
    public required long RevisedAt { get; init; }

    /// <summary>How often they changed.</summary>
    public required long Sequence { get; init; }

    public required string Summary { get; init; }

    public required string Description { get; init; }

    /// <summary>The page of the credential.</summary>
    public required string Url { get; init; }
}
