using System.Text;
using Tokenry.Server.Features.Notices.Calendars;

namespace Tokenry.Server.Tests.Features.Notices.Calendars;

/// <summary>The form that RFC 5545 gives a calendar.</summary>
public sealed class CalendarTextTests
{
    private static readonly long Noon = new DateTimeOffset(2099, 1, 31, 12, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    [Fact]
    public void An_event_has_what_RFC_5545_requires_and_times_in_UTC()
    {
        var lines = Lines(Event("Replace build"));
        Assert.Equal("BEGIN:VCALENDAR", lines[0]);
        Assert.Equal("END:VCALENDAR", lines[^1]);
        Assert.Contains("VERSION:2.0", lines);
        Assert.Single(lines, line => line.StartsWith("PRODID:", StringComparison.Ordinal));
        Assert.Equal(
            [
                "BEGIN:VEVENT",
                "UID:key_1.due@example.com",
                "DTSTAMP:20990131T120000Z",
                "LAST-MODIFIED:20990131T120000Z",
                "SEQUENCE:3",
                "DTSTART:20990131T120001Z",
                "SUMMARY:Replace build",
                "DESCRIPTION:API key of Billing",
                "URL:https://example.com/credentials/key_1",
                "CLASS:PRIVATE",
                "TRANSP:TRANSPARENT",
                "END:VEVENT",
            ],
            lines.SkipWhile(line => line != "BEGIN:VEVENT").SkipLast(1)
        );
    }

    [Fact]
    public void A_calendar_without_events_has_a_component_nevertheless() => Assert.Contains("BEGIN:VTIMEZONE", Lines()); // §3.6: at least one

    [Theory]
    [InlineData("a,b;c\\d", "a\\,b\\;c\\\\d")]
    [InlineData("one\r\ntwo\nthree\rfour", "one\\ntwo\\nthree\\nfour")]
    [InlineData("bell\abell\tend", "bellbellend")]
    [InlineData("a:b=\"c\"", "a:b=\"c\"")]
    public void A_text_is_escaped(string text, string escaped) => Assert.Contains($"SUMMARY:{escaped}", Lines(Event(text)));

    [Theory]
    [InlineData('x', 1000)]
    [InlineData('憑', 300)]
    [InlineData('é', 75)]
    public void A_line_has_at_most_75_octets_and_no_character_is_cut(char character, int count)
    {
        var summary = new string(character, count);
        var content = Encoding.UTF8.GetString(CalendarText.Write("c", [Event(summary)]));
        Assert.DoesNotContain('\uFFFD', content);
        var physical = content.Split("\r\n");
        Assert.All(physical, line => Assert.True(Encoding.UTF8.GetByteCount(line) <= 75, line));
        Assert.All(physical, line => Assert.DoesNotContain('\uFFFD', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(line))));
        Assert.Contains($"SUMMARY:{summary}", Unfolded(content));
    }

    [Fact]
    public void A_line_is_folded_as_late_as_it_can_be()
    {
        var exact = new string('x', 75 - "SUMMARY:".Length);
        Assert.Contains($"\r\nSUMMARY:{exact}\r\nDESC", Text(Event(exact)), StringComparison.Ordinal);
        Assert.Contains($"\r\nSUMMARY:{exact}\r\n y\r\nDESC", Text(Event(exact + "y")), StringComparison.Ordinal);
    }

    [Fact]
    public void Emoji_outside_the_basic_plane_stay_whole() =>
        Assert.Contains($"SUMMARY:{string.Concat(Enumerable.Repeat("🔑", 50))}", Lines(Event(string.Concat(Enumerable.Repeat("🔑", 50)))));

    private static CalendarEvent Event(string summary) =>
        new()
        {
            Uid = "key_1.due@example.com",
            At = Noon + 1000,
            RevisedAt = Noon,
            Sequence = 3,
            Summary = summary,
            Description = "API key of Billing",
            Url = "https://example.com/credentials/key_1",
        };

    private static string Text(params CalendarEvent[] events) => Encoding.UTF8.GetString(CalendarText.Write("Dates", events));

    private static string[] Lines(params CalendarEvent[] events) => Unfolded(Text(events));

    private static string[] Unfolded(string content)
    {
        Assert.EndsWith("\r\n", content, StringComparison.Ordinal);
        return content.Replace("\r\n ", "", StringComparison.Ordinal).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
    }
}
