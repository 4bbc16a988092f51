using System.Data.Common;
using Dapper;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Credentials;

/// <summary>A credential that a mutation revoked. Not a positional record: SQLite knows no types of what <c>RETURNING</c> returns where there is none.</summary>
public sealed record RevokedCredential
{
    public string Id { get; init; } = "";

    public string Kind { get; init; } = "";

    public string OwnerId { get; init; } = "";
}

/// <summary>SQL of what a credential made: the ones it minted (<c>created_with</c>) and, of what is registered, the ones that replaced it (<c>renewed_from</c>).</summary>
internal static class LineageStore
{
    /// <summary>The ids of everything that <c>@id</c> made, by itself or through what it made.</summary>
    public const string Descendants = """
        WITH RECURSIVE made(id) AS (
          SELECT id FROM credentials WHERE created_with = @id
          UNION SELECT c.id FROM credentials c JOIN made m ON c.created_with = m.id)
        SELECT id FROM made
        """;

    /// <summary>The same, as far as <c>@ownerId</c> owns it, or an application of that user does.</summary>
    private const string DescendantsOfOwner = """
        WITH RECURSIVE made(id) AS (
          SELECT c.id FROM credentials c JOIN principals p ON p.id = c.owner_id
            WHERE c.created_with = @id AND (c.owner_id = @ownerId OR p.owner_id = @ownerId)
          UNION SELECT c.id FROM credentials c JOIN made m ON c.created_with = m.id JOIN principals p ON p.id = c.owner_id
            WHERE c.owner_id = @ownerId OR p.owner_id = @ownerId)
        SELECT id FROM made
        """;

    /// <summary>The ids of what replaced <c>@id</c>, and of what replaced that.</summary>
    private const string Successors = """
        WITH RECURSIVE line(id) AS (
          SELECT id FROM credentials WHERE renewed_from = @id
          UNION SELECT c.id FROM credentials c JOIN line l ON c.renewed_from = l.id)
        SELECT id FROM line
        """;

    /// <summary>
    /// Holds the minting credential as it is until its child is there: who revokes it meanwhile waits and finds the child, and who revoked it first is found
    /// when the mutation ends (<see cref="Premise"/>).
    /// </summary>
    public static async Task HoldAsync(WriteTransaction tx, string? id)
    {
        if (id is not null && tx.Dialect.ForShare("credentials") is { Length: > 0 } locking)
        {
            await tx.FirstOrDefaultAsync<string>($"SELECT id FROM credentials WHERE id = @id{locking}", new { id });
        }
    }

    /// <summary>Whether something that replaced it is neither revoked nor expired.</summary>
    public static async Task<bool> IsSupersededAsync(WriteTransaction tx, string id, long now) =>
        await tx.FirstOrDefaultAsync<long>(
            $"SELECT count(*) FROM credentials WHERE id IN ({Successors}) AND state <> 'revoked' AND (expires_at IS NULL OR expires_at > @now)",
            new { id, now }
        ) > 0;

    /// <summary>Links what replaces a credential to it.</summary>
    public static async Task SupersedeAsync(WriteTransaction tx, CredentialRow replaced, string createdBy, string id)
    {
        await tx.ExecuteAsync("UPDATE credentials SET superseded_by = @id WHERE id = @from", new { id, from = replaced.Id });
        await tx.ExecuteAsync(
            "UPDATE credentials SET renewed_from = @from, created_with = @from, created_by = @createdBy WHERE id = @id",
            new
            {
                id,
                from = replaced.Id,
                createdBy,
            }
        );
    }

    /// <summary>How many of its descendants are neither revoked nor expired.</summary>
    public static Task<long> CountAsync(WriteTransaction tx, string id, long now) =>
        tx.FirstOrDefaultAsync<long>(
            $"SELECT count(*) FROM credentials WHERE id IN ({Descendants}) AND state <> 'revoked' AND (expires_at IS NULL OR expires_at > @now)",
            new { id, now }
        );

    /// <summary>Whether something that it made for its owner is not revoked.</summary>
    public static async Task<bool> AnyOfOwnerAsync(DbConnection connection, string id, string ownerId) =>
        await connection.ExecuteScalarAsync<long>(
            $"SELECT count(*) FROM credentials WHERE id IN ({DescendantsOfOwner}) AND state <> 'revoked'",
            new { id, ownerId }
        ) > 0;

    public static Task<IReadOnlyList<RevokedCredential>> RevokeSuccessorsAsync(
        WriteTransaction tx,
        CredentialRow row,
        long now,
        string reason
    ) => RevokeAsync(tx, Successors, row, now, reason);

    public static Task<IReadOnlyList<RevokedCredential>> RevokeOfOwnerAsync(
        WriteTransaction tx,
        CredentialRow row,
        long now,
        string reason
    ) => RevokeAsync(tx, DescendantsOfOwner, row, now, reason);

    /// <param name="tx">The transaction.</param>
    /// <param name="row">What made them.</param>
    /// <param name="reach">Whose of them.</param>
    /// <param name="now">Unix ms.</param>
    /// <param name="reason">For their records.</param>
    public static Task<IReadOnlyList<RevokedCredential>> RevokeInReachAsync(
        WriteTransaction tx,
        CredentialRow row,
        Reach reach,
        long now,
        string reason
    ) =>
        RevokeAsync(
            tx,
            reach.OwnOf is null
                ? Descendants
                : $"SELECT id FROM ({Descendants}) d WHERE EXISTS (SELECT 1 FROM credentials c JOIN principals p ON p.id = c.owner_id "
                    + "WHERE c.id = d.id AND (p.id = @own OR p.owner_id = @own))",
            row,
            now,
            reason,
            reach.OwnOf
        );

    private static async Task<IReadOnlyList<RevokedCredential>> RevokeAsync(
        WriteTransaction tx,
        string ids,
        CredentialRow row,
        long now,
        string reason,
        string? own = null
    )
    {
        var revoked = new List<RevokedCredential>();
        IReadOnlyList<RevokedCredential> more;
        var parameters = new
        {
            id = row.Id,
            ownerId = row.OwnerId,
            now,
            reason,
            own,
        };
        do
        {
            // Until none is found: while this waited for the row of one that was minting, that one may have got a child. Once its row is revoked it gets no more.
            more = await CredentialStore.RevokeWhereAsync(tx, $"id IN ({ids})", parameters);
            revoked.AddRange(more);
        } while (more.Count > 0);
        return revoked;
    }
}
