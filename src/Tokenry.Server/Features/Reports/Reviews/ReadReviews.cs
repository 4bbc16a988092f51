using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Reports.Reviews;

/// <summary>Lists access reviews, and shows the lines of one.</summary>
public sealed class ReadReviews(Gate gate, TimeProvider time)
{
    private static readonly Demand Read = new(ManagementApi.CredentialsRead) { OrganizationScope = ManagementApi.OrganizationCredentials };

    public Task<Page<AccessReview>> ListAsync(Caller caller, Listing listing) =>
        gate.ReadManyAsync(
            caller,
            Read,
            "reviews.listed",
            async read =>
                listing.ToPage(
                    await ReviewStore.ListAsync(read.Connection, read.Reach, listing.IdCursor(ReviewRow.IdPrefix), listing.Limit + 1),
                    row => row.ToReview(),
                    row => row.Id
                )
        );

    /// <exception cref="ProblemException">404: there is no such review.</exception>
    public Task<AccessReviewPage> ShowAsync(Caller caller, string id, Listing listing) =>
        gate.ReadManyAsync(
            caller,
            Read,
            "review.read",
            async read =>
            {
                var review = await ReviewStore.FindAsync(read.Connection, id, read.Reach);
                RequireNames(read.Caller, read.Reach);
                var after = listing.IdCursor(ReviewLineRow.IdPrefix);
                var rows = await ReviewStore.LinesAsync(read.Connection, id, after, listing.Limit + 1);
                var now = time.GetUtcNow().ToUnixTimeMilliseconds();
                var page = listing.ToPage(rows, row => row.ToLine(read.Catalog, now), row => row.Id);
                return new AccessReviewPage
                {
                    Review = review.ToReview(),
                    Items = page.Items,
                    NextCursor = page.NextCursor,
                };
            }
        );

    /// <summary>The lines name users, applications and their roles, which need scopes of their own elsewhere too.</summary>
    /// <exception cref="ProblemException">403: one is missing.</exception>
    internal static void RequireNames(Caller caller, Reach reach)
    {
        string[] needed = reach.Organization is null
            ? [ManagementApi.UsersRead, ManagementApi.ApplicationsRead]
            : [ManagementApi.OrganizationRead];
        string[] missing = [.. needed.Where(scope => !caller.Management.Contains(scope))];
        if (missing.Length > 0)
        {
            throw Problems.InsufficientScope(ManagementApi.Identifier, missing);
        }
    }
}
