using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Credentials;

/// <summary>
/// <c>/credentials/bulk/{act}</c>: a preview of what a bulk change would do to the credentials that the filters of the address find, and the change itself, a page
/// at a time. The filters are in the address of both, so that the preview can be opened again and shows what is left.
/// </summary>
internal static class BulkPages
{
    /// <summary>The changes. <c>roll</c> is the pages' word for a rotation.</summary>
    internal static readonly string[] Acts = ["revoke", "disable", "roll"];

    internal static readonly string[] Writes =
    [
        ManagementApi.CredentialsWrite,
        ManagementApi.ApplicationsOwn,
        ManagementApi.OrganizationApplications,
        ManagementApi.OrganizationCredentials,
    ];

    public static void MapBulkPages(this IEndpointRouteBuilder app)
    {
        foreach (var act in Acts)
        {
            var route = $"/credentials/bulk/{act}";
            app.MapGet(
                    route,
                    async (HttpContext http, Caller caller, FreshAuthentication fresh, BulkView view) =>
                        fresh.Has(caller)
                            ? await view.PreviewAsync(caller, act, Listing.OfForm(http.Request.Query))
                            : FreshAuthentication.Before(http.Request.Path.ToUriComponent() + http.Request.QueryString.ToUriComponent())
                )
                .IsPageFor(Writes);
            app.MapPost(
                    route,
                    async (HttpContext http, Caller caller, PageForm form, FreshAuthentication fresh, BulkView view) =>
                        fresh.Has(caller)
                            ? await view.RunAsync(caller, act, Listing.OfForm(http.Request.Query), form)
                            : FreshAuthentication.Before(http.Request.Path.ToUriComponent() + http.Request.QueryString.ToUriComponent())
                )
                .IsPageFor(Writes)
                .IsForm();
        }
    }
}
