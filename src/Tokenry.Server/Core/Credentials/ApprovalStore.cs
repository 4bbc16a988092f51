using System.Data.Common;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>SQL of approvals. Their readers read them with their credentials (<see cref="CredentialRow"/>).</summary>
public static class ApprovalStore
{
    /// <summary>The prefix of their public ids.</summary>
    public const string IdPrefix = "apr";

    /// <summary>Stores the approval that a new credential has.</summary>
    public static Task InsertAsync(WriteTransaction tx, CredentialRow row) =>
        tx.ExecuteAsync(
            """
            INSERT INTO approvals (id, credential_id, state, demanded_by, justification, decided_at, decided_by)
            VALUES (@ApprovalId, @Id, @ApprovalState, @DemandedBy, @Justification, @DecidedAt, @DecidedBy)
            """,
            row
        );

    /// <summary>The credential with that approval, locked until COMMIT; <c>null</c> = none.</summary>
    public static Task<CredentialRow?> FindAsync(WriteTransaction tx, string id) =>
        tx.FirstOrDefaultAsync<CredentialRow>($"{CredentialRow.SelectApproved} WHERE v.id = @id{tx.Dialect.ForUpdate("c")}", new { id });

    /// <inheritdoc cref="FindAsync(WriteTransaction, string)"/>
    public static Task<CredentialRow?> FindAsync(DbConnection connection, string id) =>
        ((StoreReader)connection).FirstOrDefaultAsync<CredentialRow>($"{CredentialRow.SelectApproved} WHERE v.id = @id", new { id });

    /// <summary>Credentials in the order of their approvals.</summary>
    /// <param name="connection">Reads them.</param>
    /// <param name="filter">Which.</param>
    /// <param name="after">The approval before the first.</param>
    /// <param name="limit">How many.</param>
    public static Task<IReadOnlyList<CredentialRow>> ListAsync(DbConnection connection, ApprovalFilter filter, string? after, int limit)
    {
        var state = filter.State switch
        {
            null => "",
            ApprovalState.Pending => " AND v.state = 'pending' AND c.state <> 'revoked' AND (c.expires_at IS NULL OR c.expires_at > @Now)",
            ApprovalState.Withdrawn => " AND v.state = 'pending' AND c.state = 'revoked'",
            ApprovalState.Expired => " AND v.state = 'pending' AND c.state <> 'revoked' AND c.expires_at <= @Now",
            _ => " AND v.state = @State",
        };
        var within = filter.OrganizationId is null ? "" : $" AND c.id IN ({CredentialStore.OfOrganization("@OrganizationId")})";
        var kind = filter.Kind is null ? "" : " AND c.kind = @Kind";
        return ((StoreReader)connection).QueryAsync<CredentialRow>(
            $"{CredentialRow.SelectApproved} WHERE v.id > @after{state}{within}{kind} ORDER BY v.id LIMIT @limit",
            new
            {
                after = after ?? "",
                filter.State,
                filter.OrganizationId,
                filter.Kind,
                filter.Now,
                limit,
            }
        );
    }

    /// <summary>Decides a pending approval, and has an approved credential work.</summary>
    /// <param name="tx">The transaction, which holds the credential.</param>
    /// <param name="row">The credential.</param>
    /// <param name="decision">The decision.</param>
    /// <returns>Whether it was pending until now: of many decisions at once, one is.</returns>
    public static async Task<bool> DecideAsync(WriteTransaction tx, CredentialRow row, Decision decision)
    {
        var decided = await tx.ExecuteAsync(
            "UPDATE approvals SET state = @State, decided_at = @At, decided_by = @By, message = @Message WHERE id = @ApprovalId AND state = 'pending'",
            new
            {
                decision.State,
                decision.At,
                decision.By,
                decision.Message,
                row.ApprovalId,
            }
        );
        if (decided == 0)
        {
            return false;
        }

        if (decision.State == ApprovalState.Approved)
        {
            await CredentialStore.SetDisabledAsync(tx, row.Id, disabled: false);
        }

        return true;
    }
}

/// <summary>Which approvals a list has.</summary>
/// <param name="State">Only those in that <see cref="ApprovalState"/>; <c>null</c> = all.</param>
/// <param name="OrganizationId">Only those of credentials that act in that organization; <c>null</c> = all.</param>
/// <param name="Kind">Only those of credentials of that kind; <c>null</c> = all.</param>
/// <param name="Now">Unix ms.</param>
public sealed record ApprovalFilter(string? State, string? OrganizationId, string? Kind, long Now);

/// <summary>What was decided.</summary>
/// <param name="State"><c>approved</c> or <c>denied</c>.</param>
/// <param name="By">The principal that decided.</param>
/// <param name="Message">What it told.</param>
/// <param name="At">Unix ms.</param>
public sealed record Decision(string State, string By, string? Message, long At);
