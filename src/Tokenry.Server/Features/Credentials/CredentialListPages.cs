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

    private static readonly Crumb List = new("credentials.title", "credentials");

    public static IServiceCollection AddCredentialPages(this IServiceCollection services) =>
        services.AddSingleton(
            new NavigationEntry(NavigationSection.Server, 30, List.Text, List.Address, "list-details") { Scopes = Scopes }
        );

    public static void MapCredentialPages(this IEndpointRouteBuilder app)
    {
        app.MapGet("/credentials", ListAsync).IsPageFor(Scopes);
        CredentialPages.Map(app, List, family: null, Scopes);
    }

    private static async Task<IResult> ListAsync(Caller caller, HttpContext http, ListCredentials list)
    {
        var listing = Listing.OfForm(http.Request.Query);
        return new View<CredentialsPage>(List.Text)
        {
            ["Credentials"] = await list.RunAsync(caller, CredentialFamily.All, ownerId: null, listing),
            ["Filters"] = listing.Filters(ListCredentials.Filters),
            ["IsLater"] = listing.Cursor is not null,
        };
    }
}
