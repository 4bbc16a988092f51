using System.Data.Common;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Organizations.Invitations;

/// <summary>SQL of invitations.</summary>
public static class InvitationStore
{
    /// <summary>Invitations whose time was over a while ago, however they ended.</summary>
    public static readonly PurgeRule Purge = new(
        "DELETE FROM invitations WHERE id IN (SELECT id FROM invitations WHERE expires_at < @before LIMIT @step)",
        TimeSpan.FromDays(30)
    );

    private const string IsPending = "ended_as IS NULL AND expires_at > @now";

    public static Task InsertAsync(WriteTransaction tx, InvitationRow row, string code) =>
        tx.ExecuteAsync(
            """
            INSERT INTO invitations (id, organization_id, hash, roles, email, note, created_by, created_with, created_in, created_at, expires_at)
            VALUES (@Id, @OrganizationId, @hash, @StoredRoles, @Email, @Note, @CreatedBy, @CreatedWith, @CreatedIn, @CreatedAt, @ExpiresAt)
            """,
            new
            {
                row.Id,
                row.OrganizationId,
                hash = LinkCode.Hash(code),
                row.StoredRoles,
                row.Email,
                row.Note,
                row.CreatedBy,
                row.CreatedWith,
                row.CreatedIn,
                row.CreatedAt,
                row.ExpiresAt,
            }
        );

    /// <summary>The invitation with that code, whether it works or not; <c>null</c> = none.</summary>
    public static async Task<InvitationRow?> OfCodeAsync(StoreReader store, string code) =>
        LinkCode.IsShapedLikeOne(code)
            ? await store.FirstOrDefaultAsync<InvitationRow>(
                $"SELECT {InvitationRow.Columns} FROM invitations WHERE hash = @hash",
                new { hash = LinkCode.Hash(code) }
            )
            : null;

    /// <summary>An invitation of that organization; <c>null</c> = none.</summary>
    public static Task<InvitationRow?> FindAsync(StoreReader store, string organizationId, string id) =>
        store.FirstOrDefaultAsync<InvitationRow>(
            $"SELECT {InvitationRow.Columns} FROM invitations WHERE id = @id AND organization_id = @organizationId",
            new { id, organizationId }
        );

    /// <param name="connection">Reads them.</param>
    /// <param name="filter">Which.</param>
    /// <param name="after">The id before the first.</param>
    /// <param name="limit">How many.</param>
    public static Task<IReadOnlyList<InvitationRow>> ListAsync(DbConnection connection, InvitationFilter filter, string? after, int limit)
    {
        var within = filter.State switch
        {
            null => "",
            InvitationState.Pending => " AND ended_as IS NULL AND expires_at > @Now",
            InvitationState.Expired => " AND ended_as IS NULL AND expires_at <= @Now",
            _ => " AND ended_as = @State",
        };
        return ((StoreReader)connection).QueryAsync<InvitationRow>(
            $"SELECT {InvitationRow.Columns} FROM invitations WHERE organization_id = @OrganizationId{within}"
                + $"{(after is null ? "" : " AND id > @after")} ORDER BY id LIMIT @limit",
            new
            {
                filter.OrganizationId,
                filter.State,
                filter.Now,
                after,
                limit,
            }
        );
    }

    /// <summary>How many invitations of an organization work now. The count stops at <paramref name="most"/>.</summary>
    public static Task<long> PendingAsync(WriteTransaction tx, string organizationId, long now, int most) =>
        tx.FirstOrDefaultAsync<long>(
            $"SELECT count(*) FROM (SELECT 1 FROM invitations WHERE organization_id = @organizationId AND {IsPending} LIMIT @most) AS counted",
            new
            {
                organizationId,
                now,
                most,
            }
        );

    /// <summary>Ends an invitation that works now.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="id">The invitation.</param>
    /// <param name="state">How it ends, a value of <see cref="InvitationState"/>.</param>
    /// <param name="now">Unix ms.</param>
    /// <param name="acceptedBy">The user who accepts it; <c>null</c> = it is not accepted.</param>
    /// <returns>Whether it worked until now: of many uses at once, one does.</returns>
    public static async Task<bool> EndAsync(WriteTransaction tx, string id, string state, long now, string? acceptedBy = null) =>
        await tx.ExecuteAsync(
            $"UPDATE invitations SET ended_as = @state, ended_at = @now, accepted_by = @acceptedBy WHERE id = @id AND {IsPending}",
            new
            {
                id,
                state,
                now,
                acceptedBy,
            }
        ) == 1;

    /// <summary>Removes the invitations of an organization that is deleted.</summary>
    public static Task DeleteAllAsync(WriteTransaction tx, string organizationId) =>
        tx.ExecuteAsync("DELETE FROM invitations WHERE organization_id = @organizationId", new { organizationId });
}

/// <summary>Which invitations a list has.</summary>
/// <param name="OrganizationId">The organization.</param>
/// <param name="State">Only those in that state; <c>null</c> = all.</param>
/// <param name="Now">Unix ms.</param>
public sealed record InvitationFilter(string OrganizationId, string? State, long Now);
