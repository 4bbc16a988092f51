using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Credentials;

/// <summary>The page of all credentials.</summary>
internal sealed class CredentialListView(ListCredentials list, OwnViews views, OwnerNames names, TimeProvider time)
{
    /// <param name="caller">The caller.</param>
    /// <param name="listing">The filters, limit and cursor.</param>
    /// <param name="refused">A name for a view that was refused, and why; <c>default</c> = nothing was refused.</param>
    public async Task<IResult> PageAsync(Caller caller, Listing listing, (string? Name, ProblemException? Refusal) refused = default)
    {
        var page = await list.RunAsync(caller, CredentialFamily.All, ownerId: null, listing);
        return new View<CredentialsPage>(CredentialListPages.List.Text)
        {
            Status = refused.Refusal?.Status switch
            {
                null => StatusCodes.Status200OK,
                StatusCodes.Status400BadRequest => StatusCodes.Status422UnprocessableEntity,
                { } status => status,
            },
            ["Credentials"] = page,
            ["Owners"] = await names.OfAsync(caller, page.Items.Select(credential => credential.Owner.Id)),
            ["Views"] = SavedView.All(time.GetUtcNow()),
            ["Own"] = await views.ListAsync(caller),
            ["Filters"] = listing.Filters(ListCredentials.Filters),
            ["IsLater"] = listing.Cursor is not null,
            ["Typed"] = refused.Name,
            ["Refusal"] = refused.Refusal,
        };
    }
}
