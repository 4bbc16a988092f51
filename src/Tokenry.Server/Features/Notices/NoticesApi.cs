using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Features.Notices.Calendars;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.Notices;

/// <summary><c>/v1/me/notices</c></summary>
public static class NoticesApi
{
    public static IServiceCollection AddNotices(this IServiceCollection services, TokenryOptions options)
    {
        services.AddCalendars().AddSingleton<ListNotices>().AddSingleton<DismissNotices>().AddHostedService<CollectNotices>();
        if (options.Mail is { } mail)
        {
            services.AddSingleton(mail).AddSingleton<NoticeMail>().AddHostedService<MailNotices>();
        }

        return services;
    }

    public static void MapNotices(this IEndpointRouteBuilder app)
    {
        app.MapCalendars();
        var own = app.MapGroup("/v1/me/notices").WithTags("Notices");
        own.MapGet("", async (Caller caller, Listing listing, ListNotices list) => TypedResults.Ok(await list.RunAsync(caller, listing)))
            .WithSummary("List what happened to your credentials, and to those of your applications and organizations, the newest first.")
            .Lists()
            .Needs(ManagementApi.TokensOwn);
        own.MapDelete(
                "",
                async (Caller caller, DismissNotices dismiss) =>
                {
                    await dismiss.RunAsync(caller, id: null);
                    return TypedResults.NoContent();
                }
            )
            .WithName("me_notices_dismiss_all")
            .WithSummary("Dismiss all your notices. The audit trail keeps the events.")
            .Needs(ManagementApi.TokensOwn);
        own.MapDelete(
                "/{id}",
                async (string id, Caller caller, DismissNotices dismiss) =>
                {
                    await dismiss.RunAsync(caller, id);
                    return TypedResults.NoContent();
                }
            )
            .WithSummary("Dismiss one of your notices.")
            .Needs(ManagementApi.TokensOwn);
    }
}
