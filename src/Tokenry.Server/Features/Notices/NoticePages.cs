using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Notices;

/// <summary><c>/account/notices</c>: what happened to the credentials that concern a person.</summary>
internal static class NoticePages
{
    public const string Path = "/account/notices";

    public static IServiceCollection AddNoticePages(this IServiceCollection services) =>
        services.AddSingleton(
            new NavigationEntry(NavigationSection.You, 30, "notices.title", "account/notices", "bell")
            {
                Scopes = [ManagementApi.TokensOwn],
            }
        );

    public static void MapNoticePages(this IEndpointRouteBuilder app)
    {
        app.MapGet(Path, ShowAsync).IsPageFor(ManagementApi.TokensOwn);
        app.MapPost($"{Path}/dismiss", DismissAsync).IsPageFor(ManagementApi.TokensOwn).IsForm();
    }

    /// <summary>The page of a credential or application, below the server's address.</summary>
    public static string AddressOf(string type, string id) =>
        type == PrincipalType.Application ? $"/applications/{id}"
        : type == CredentialKind.PersonalAccessToken ? $"/account/tokens/{id}"
        : $"/credentials/{id}";

    private static async Task<IResult> ShowAsync(Caller caller, HttpContext http, ListNotices list)
    {
        var listing = Listing.OfForm(http.Request.Query);
        return new View<NoticesPage>("notices.title")
        {
            ["Notices"] = await list.RunAsync(caller, listing),
            ["IsLater"] = listing.Cursor is not null,
        };
    }

    private static async Task<IResult> DismissAsync(Caller caller, PageForm form, DismissNotices dismiss)
    {
        await dismiss.RunAsync(caller, form["id"]);
        return new Redirect(Path[1..]);
    }
}
