using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Notices.Calendars;

/// <summary><c>/v1/me/calendar</c>, and the calendar itself.</summary>
internal static class CalendarsApi
{
    public static IServiceCollection AddCalendars(this IServiceCollection services) =>
        services.AddSingleton<OwnCalendar>().AddSingleton<CalendarFeed>();

    public static void MapCalendars(this IEndpointRouteBuilder app)
    {
        CalendarFeed.Map(app);
        var own = app.MapGroup("/v1/me/calendar").WithTags("Notices");
        own.MapGet("", async (Caller caller, OwnCalendar calendar) => TypedResults.Ok(await calendar.ShowAsync(caller)))
            .WithSummary("Say whether you have a calendar of the dates on which your credentials expire or should be replaced.")
            .Needs(ManagementApi.TokensOwn);
        own.MapPost("", async (Caller caller, OwnCalendar calendar) => TypedResults.Ok(await calendar.MakeAsync(caller)))
            .WithSummary("Make the address of your calendar. It replaces the one before, and the server does not show it again.")
            .Needs(ManagementApi.TokensOwn);
        own.MapDelete(
                "",
                async (Caller caller, OwnCalendar calendar) =>
                {
                    await calendar.EndAsync(caller);
                    return TypedResults.NoContent();
                }
            )
            .WithSummary("Turn your calendar off. Its address is not found any more.")
            .Needs(ManagementApi.TokensOwn);
    }
}
