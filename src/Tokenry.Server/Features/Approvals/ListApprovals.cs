using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Approvals;

/// <summary>
/// Lists and shows approvals with their credentials, and requests for roles; for a caller of an organization, those of what acts there. They are one queue in the
/// order of their times: the ids of both are times after the prefix.
/// </summary>
public sealed class ListApprovals(Gate gate, TimeProvider time)
{
    /// <summary>Requests for roles in the filter by kind.</summary>
    private const string RoleKind = "role";

    public static readonly string[] Filters = ["state", "organization", "kind"];

    /// <summary>What an approval can be about: a kind of credential, or a role.</summary>
    internal static readonly string[] Kinds = [.. CredentialPolicies.Kinds, RoleKind];

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
            ApprovalRights.Read(caller),
            "approvals.listed",
            async read =>
            {
                var filter = new ApprovalFilter(
                    listing.OneOf("state", States),
                    read.Reach.Organization ?? listing.Id("organization", "org"),
                    listing.OneOf("kind", Kinds),
                    Now
                );
                var after = listing.IdCursor(ApprovalStore.IdPrefix, RoleRequestRow.IdPrefix);
                var queue = (await CredentialsAsync(read, filter, after, listing.Limit + 1))
                    .Concat(await RolesAsync(read, filter, after, listing.Limit + 1))
                    .OrderBy(approval => TimeOf(approval.Id), StringComparer.Ordinal);
                return listing.ToPage([.. queue], approval => approval, approval => approval.Id);
            }
        );

    /// <exception cref="ProblemException">404: there is no such approval, or it is of another organization.</exception>
    public Task<Approval> ShowAsync(Caller caller, string id) =>
        gate.ReadOneAsync(
            caller,
            ApprovalRights.Read(caller),
            "approval.read",
            async read =>
            {
                if (PublicId.IsWellFormed(id, RoleRequestRow.IdPrefix))
                {
                    var asked = await RoleRequestStore.FindAsync(read.Connection, id);
                    return asked is not null && ApprovalRights.SeesRoles(read.Caller, asked.OrganizationId)
                        ? asked.ToApproval()
                        : throw ProblemException.NotFound();
                }

                var row = PublicId.IsWellFormed(id, ApprovalStore.IdPrefix) ? await ApprovalStore.FindAsync(read.Connection, id) : null;
                return
                    row is not null
                    && ApprovalRights.SeesCredentials(read.Caller)
                    && read.Reach.Includes((row.OwnerId, row.OwnerOwnerId, row.TopOwnerId), row.OrganizationId)
                    ? row.ToApproval(read.Catalog, Now)
                    : throw ProblemException.NotFound();
            }
        );

    private static async Task<IEnumerable<Approval>> CredentialsAsync(ReadContext read, ApprovalFilter filter, string? after, int limit)
    {
        if (filter.Kind == RoleKind || !ApprovalRights.SeesCredentials(read.Caller))
        {
            return [];
        }

        var rows = await ApprovalStore.ListAsync(read.Connection, filter, Cursor(ApprovalStore.IdPrefix, after), limit);
        return rows.Select(row => row.ToApproval(read.Catalog, filter.Now));
    }

    private static async Task<IEnumerable<Approval>> RolesAsync(ReadContext read, ApprovalFilter filter, string? after, int limit)
    {
        var places = ApprovalRights.SeesRoles(read.Caller);
        if (places == RolePlaces.None || filter.Kind is not (null or RoleKind))
        {
            return [];
        }

        var rows = await RoleRequestStore.ListAsync(read.Connection, filter, places, Cursor(RoleRequestRow.IdPrefix, after), limit);
        return rows.Select(row => row.ToApproval());
    }

    /// <summary>The same moment among the ids of another prefix.</summary>
    private static string? Cursor(string prefix, string? after) => after is null ? null : $"{prefix}_{TimeOf(after)}";

    private static string TimeOf(string id) => id[(id.IndexOf('_', StringComparison.Ordinal) + 1)..];

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();
}
