using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Notices.Calendars;

/// <summary><c>/calendar/{secret}.ics</c>: the dates of credentials for a calendar program. The secret in the address is the only proof.</summary>
internal sealed class CalendarFeed(Database database, TokenryOptions options, TimeProvider time)
{
    private const string Folder = "/calendar";
    private const string Extension = ".ics";
    private const string MediaType = "text/calendar; charset=utf-8";

    /// <summary>The most credentials; an event for each of its dates.</summary>
    private const int Most = 1000;

    /// <summary>Dates that passed stay so long.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    public static string PathOf(Secret secret) => $"{Folder}/{secret.Reveal()}{Extension}";

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapGet($"{Folder}/{{secret}}{Extension}", (string secret, HttpContext http, CalendarFeed feed) => feed.ServeAsync(http, secret))
            .ExcludeFromDescription()
            .IsDoor();

    private async Task ServeAsync(HttpContext http, string secret)
    {
        var calendar = LinkCode.IsShapedLikeOne(secret)
            ? await database.ReadAsync(connection => CalendarStore.OfSecretAsync(connection, secret))
            : null;
        if (calendar is null)
        {
            http.SetEndpoint(null); // as if no route had the address: the answer does not tell that there was a calendar
            throw ProblemException.NotFound();
        }

        var since = (time.GetUtcNow() - Kept).ToUnixTimeMilliseconds();
        var dates = await database.ListAsync(calendar.UserId, connection => CalendarStore.DatesAsync(connection, calendar, since, Most));
        var texts = Languages.Chosen(calendar.Language, options.Mail?.Language);
        var content = CalendarText.Write(texts["calendar.name"], dates.SelectMany(row => Events(row, since, texts)));
        http.Response.Headers.CacheControl = "private, no-cache";
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        if (EntityTag.IsCurrent(http, content))
        {
            return;
        }

        http.Response.ContentType = MediaType;
        http.Response.ContentLength = content.Length;
        await http.Response.Body.WriteAsync(content, http.RequestAborted);
    }

    private IEnumerable<CalendarEvent> Events(DatedCredential row, long since, Texts texts)
    {
        // What is due when it expires is one date.
        if (row.DueAt >= since && row.DueAt != row.ExpiresAt)
        {
            yield return Event(row, "due", row.DueAt.Value, texts);
        }

        if (row.ExpiresAt >= since)
        {
            yield return Event(row, "expires", row.ExpiresAt.Value, texts);
        }
    }

    private CalendarEvent Event(DatedCredential row, string what, long at, Texts texts) =>
        new()
        {
            Uid = $"{row.Id}.{what}@{new Uri(options.Issuer).Host}",
            At = at,
            RevisedAt = row.RevisedAt ?? row.CreatedAt,
            Sequence = row.Revision,
            Summary = texts[what == "due" ? "calendar.due" : "calendar.expires", ("name", row.Name)],
            Description = texts["calendar.of", ("kind", texts.Of("kind", row.Kind)), ("owner", row.Owner)],
            Url = options.Issuer + NoticePages.AddressOf(row.Kind, row.Id),
        };
}
