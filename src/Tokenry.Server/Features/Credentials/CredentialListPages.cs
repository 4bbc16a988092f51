using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Credentials;

/// <summary><c>/credentials</c>: every credential that the person may see, and the page of each.</summary>
internal static class CredentialListPages
{
    private static readonly string[] Scopes =
    [
        ManagementApi.CredentialsRead,
        ManagementApi.ApplicationsOwn,
        ManagementApi.OrganizationRead,
        ManagementApi.OrganizationCredentials,
    ];

    internal static readonly Crumb List = new("credentials.title", "credentials");

    public static IServiceCollection AddCredentialPages(this IServiceCollection services) =>
        services
            .AddSingleton<BulkView>()
            .AddSingleton(new NavigationEntry(NavigationSection.Server, 30, List.Text, List.Address, "list-details") { Scopes = Scopes });

    public static void MapCredentialPages(this IEndpointRouteBuilder app)
    {
        app.MapGet("/credentials", ListAsync).IsPageFor(Scopes);
        app.MapBulkPages();
        CredentialPages.Map(app, List, family: null, Scopes);
    }

    private static async Task<IResult> ListAsync(Caller caller, HttpContext http, ListCredentials list, OwnerNames names, TimeProvider time)
    {
        var listing = Listing.OfForm(http.Request.Query);
        var page = await list.RunAsync(caller, CredentialFamily.All, ownerId: null, listing);
        return new View<CredentialsPage>(List.Text)
        {
            ["Credentials"] = page,
            ["Owners"] = await names.OfAsync(caller, page.Items.Select(credential => credential.Owner.Id)),
            ["Views"] = SavedView.All(time.GetUtcNow()),
            ["Filters"] = listing.Filters(ListCredentials.Filters),
            ["IsLater"] = listing.Cursor is not null,
        };
    }
}
