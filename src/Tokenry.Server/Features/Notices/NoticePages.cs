using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Features.Notices.Calendars;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Notices;

/// <summary><c>/account/notices</c>: what happened to the credentials that concern a person.</summary>
internal static class NoticePages
{
    public const string Path = "/account/notices";

    /// <summary>Where the count of the banner stops.</summary>
    private const int MostUrgent = 100;

    public static IServiceCollection AddNoticePages(this IServiceCollection services) =>
        services
            .AddSingleton(
                new NavigationEntry(NavigationSection.You, 30, "notices.title", Path[1..], "bell") { Scopes = [ManagementApi.TokensOwn] }
            )
            .AddSingleton<ReadBanner>(provider => viewer => BannerAsync(provider.GetRequiredService<Database>(), viewer));

    public static void MapNoticePages(this IEndpointRouteBuilder app)
    {
        app.MapGet(Path, ShowAsync).IsPageFor(ManagementApi.TokensOwn);
        app.MapPost($"{Path}/dismiss", DismissAsync).IsPageFor(ManagementApi.TokensOwn).IsForm();
        app.MapPost($"{Path}/calendar", MakeCalendarAsync).IsPageFor(ManagementApi.TokensOwn).IsForm();
        app.MapPost($"{Path}/calendar/end", EndCalendarAsync).IsPageFor(ManagementApi.TokensOwn).IsForm();
    }

    /// <summary>The page of a credential, an application or the own requests for roles, below the server's address.</summary>
    public static string AddressOf(string type, string id) =>
        type == PrincipalType.Application ? $"/applications/{id}"
        : type == RoleRequestStore.Noun ? "/account/roles"
        : type == CredentialKind.PersonalAccessToken ? $"/account/tokens/{id}"
        : $"/credentials/{id}";

    private static async Task<Banner?> BannerAsync(Database database, Viewer viewer)
    {
        if (!viewer.Scopes.Contains(ManagementApi.TokensOwn))
        {
            return null;
        }

        var urgent = await database.ReadAsync(connection => NoticeStore.UrgentAsync(connection, viewer.Id, MostUrgent));
        return urgent == 0 ? null : new Banner("banner.notices", urgent, Path[1..]);
    }

    private static async Task<IResult> MakeCalendarAsync(Caller caller, OwnCalendar calendar)
    {
        try
        {
            var made = await calendar.MakeAsync(caller);
            return new View<CalendarMadePage>("calendar.made") { Trail = [new("notices.title", Path[1..])], ["Calendar"] = made };
        }
        catch (ProblemException refused) when (refused.Code == ProblemCode.FreshAuthenticationRequired)
        {
            return FreshAuthentication.Before(Path);
        }
    }

    private static async Task<IResult> EndCalendarAsync(Caller caller, OwnCalendar calendar)
    {
        await calendar.EndAsync(caller);
        return new Redirect(Path[1..]);
    }

    private static async Task<IResult> ShowAsync(Caller caller, HttpContext http, ListNotices list, OwnCalendar calendar, OwnerNames names)
    {
        var listing = Listing.OfForm(http.Request.Query);
        var notices = await list.RunAsync(caller, listing);
        return new View<NoticesPage>("notices.title")
        {
            ["Notices"] = notices,
            ["Names"] = await names.OfAsync(caller, notices.Items.Select(notice => notice.OrganizationId)),
            ["Calendar"] = await calendar.ShowAsync(caller),
            ["Once"] = CredentialPages.Once(),
            ["IsLater"] = listing.Cursor is not null,
        };
    }

    private static async Task<IResult> DismissAsync(Caller caller, PageForm form, DismissNotices dismiss)
    {
        await dismiss.RunAsync(caller, form["id"]);
        return new Redirect(Path[1..]);
    }
}
