using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Approvals;

/// <summary>Lists and shows approvals with their credentials; for a caller of an organization, those of what acts there.</summary>
public sealed class ListApprovals(Gate gate, TimeProvider time)
{
    public static readonly string[] Filters = ["state", "organization", "kind"];

    internal static readonly string[] States =
    [
        ApprovalState.Pending,
        ApprovalState.Approved,
        ApprovalState.Denied,
        ApprovalState.Withdrawn,
        ApprovalState.Expired,
    ];

    public Task<Page<Approval>> RunAsync(Caller caller, Listing listing) =>
        gate.ReadManyAsync(
            caller,
            ApprovalsApi.Read,
            "approvals.listed",
            async read =>
            {
                var filter = new ApprovalFilter(
                    listing.OneOf("state", States),
                    read.Reach.Organization ?? listing.Id("organization", "org"),
                    listing.OneOf("kind", [.. CredentialPolicies.Kinds]),
                    Now
                );
                var rows = await ApprovalStore.ListAsync(
                    read.Connection,
                    filter,
                    listing.IdCursor(ApprovalStore.IdPrefix),
                    listing.Limit + 1
                );
                return listing.ToPage(rows, row => row.ToApproval(read.Catalog, Now), row => row.ApprovalId!);
            }
        );

    /// <exception cref="ProblemException">404: there is no such approval, or it is of another organization.</exception>
    public Task<Approval> ShowAsync(Caller caller, string id) =>
        gate.ReadOneAsync(
            caller,
            ApprovalsApi.Read,
            "approval.read",
            async read =>
            {
                var row = PublicId.IsWellFormed(id, ApprovalStore.IdPrefix) ? await ApprovalStore.FindAsync(read.Connection, id) : null;
                return row is not null && read.Reach.Includes((row.OwnerId, row.OwnerOwnerId, row.TopOwnerId), row.OrganizationId)
                    ? row.ToApproval(read.Catalog, Now)
                    : throw ProblemException.NotFound();
            }
        );

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();
}
