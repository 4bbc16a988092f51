using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Applications;

/// <summary>The page with the list of applications.</summary>
internal sealed class ApplicationList(ListApplications list, OwnerNames names)
{
    /// <param name="caller">The caller.</param>
    /// <param name="listing">Filters and cursor.</param>
    /// <param name="refusal">Why no application was registered; <c>null</c> = nothing was refused.</param>
    public async Task<IResult> PageAsync(Caller caller, Listing listing, ProblemException? refusal = null)
    {
        var page = await list.RunAsync(caller, listing);
        return new View<ApplicationsPage>(ApplicationPages.List.Text)
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            ["Applications"] = page,
            ["Owners"] = await names.OfAsync(caller, page.Items.Select(application => application.OwnerId ?? application.OrganizationId)),
            ["Filters"] = listing.Filters(ListApplications.Filters),
            ["IsLater"] = listing.Cursor is not null,
            ["Once"] = CredentialPages.Once(),
            ["Faults"] = refusal?.Errors?.GetValueOrDefault("name") ?? [],
        };
    }
}
