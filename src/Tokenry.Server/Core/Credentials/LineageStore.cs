using System.Data.Common;
using Dapper;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>When and why credentials are revoked.</summary>
/// <param name="Now">Unix ms.</param>
/// <param name="Reason">For their records.</param>
public readonly record struct Revocation(long Now, string Reason);

/// <summary>
/// A credential that a mutation revoked. Not a positional record, because SQLite reports no column types if <c>RETURNING</c> returns no rows.
/// </summary>
public sealed record RevokedCredential
{
    public string Id { get; init; } = "";

    public string Kind { get; init; } = "";

    public string OwnerId { get; init; } = "";
}

/// <summary>
/// SQL for the descendants of a credential: those it minted (<c>created_with</c>) and, for registered ones, those that replaced it (<c>renewed_from</c>).
/// </summary>
internal static class LineageStore
{
    /// <summary>The ids of all credentials that <c>@id</c> made, directly or through others.</summary>
    public const string Descendants = """
        WITH RECURSIVE made(id) AS (
          SELECT id FROM credentials WHERE created_with = @id
          UNION SELECT c.id FROM credentials c JOIN made m ON c.created_with = m.id)
        SELECT id FROM made
        """;

    /// <summary>The same, but at most <c>@most</c> unrevoked ones. Planners stop at that number.</summary>
    private const string UnrevokedDescendants = """
        WITH RECURSIVE made(id, state) AS (
          SELECT id, state FROM credentials WHERE created_with = @id
          UNION ALL SELECT c.id, c.state FROM made m JOIN credentials c ON c.created_with = m.id)
        SELECT id FROM made WHERE state <> 'revoked' LIMIT @most
        """;

    /// <summary>The ids of the credentials that replaced <c>@id</c>, and of those that replaced these.</summary>
    private const string Successors = """
        WITH RECURSIVE line(id) AS (
          SELECT id FROM credentials WHERE renewed_from = @id
          UNION SELECT c.id FROM credentials c JOIN line l ON c.renewed_from = l.id)
        SELECT id FROM line
        """;

    /// <summary>
    /// The branches that lead to the unrevoked credentials of the principal <c>@top</c> and those below it. It is read upwards, because caps bound how many
    /// they have, but nothing bounds how many a credential ever made.
    /// </summary>
    private static readonly string OwnBranches = Branches(" AND c.owner_id IN (SELECT id FROM own)");

    /// <summary>The same through credentials of any owner.</summary>
    private static readonly string AnyBranches = Branches("");

    private const string MadeAny = "EXISTS (SELECT 1 FROM credentials WHERE created_with = @id)";

    /// <summary>
    /// Makes mutations that mint wait until this one ends, and waits for those that run, so that their credentials are found. Take it before locking any
    /// credential (<see cref="WriteTransaction"/>). A later mutation that mints with a credential revoked here is refused at its end (<see cref="Premise"/>).
    /// </summary>
    public static async Task HoldMintsAsync(WriteTransaction tx)
    {
        if (tx.Dialect.HoldMints is { Length: > 0 } take)
        {
            await tx.FirstOrDefaultAsync<int>(take);
        }
    }

    /// <summary>For a mutation that mints but locks a credential before: it must take the lock of minting first.</summary>
    public static async Task JoinMintsAsync(WriteTransaction tx)
    {
        if (tx.Dialect.JoinMints is { Length: > 0 } take)
        {
            await tx.FirstOrDefaultAsync<int>(take);
        }
    }

    /// <summary>Whether a credential that replaced it is neither revoked nor expired.</summary>
    public static async Task<bool> IsSupersededAsync(WriteTransaction tx, string id, long now) =>
        await tx.FirstOrDefaultAsync<long>(
            $"SELECT count(*) FROM credentials WHERE id IN ({Successors}) AND state <> 'revoked' AND (expires_at IS NULL OR expires_at > @now)",
            new { id, now }
        ) > 0;

    /// <summary>Links a replacement to the credential it replaces.</summary>
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

    /// <summary>How many of the examined descendants are neither revoked nor expired.</summary>
    /// <param name="connection">A connection for lists, because this may take long.</param>
    /// <param name="id">The credential.</param>
    /// <param name="now">Unix ms.</param>
    /// <param name="most">How many descendants are examined.</param>
    public static Task<LiveDescendants> CountAsync(DbConnection connection, string id, long now, long most) =>
        connection.QuerySingleAsync<LiveDescendants>(
            """
            WITH RECURSIVE made(id, live) AS (
              SELECT id, CASE WHEN state <> 'revoked' AND (expires_at IS NULL OR expires_at > @now) THEN 1 ELSE 0 END FROM credentials
                WHERE created_with = @id
              UNION ALL SELECT c.id, CASE WHEN c.state <> 'revoked' AND (c.expires_at IS NULL OR c.expires_at > @now) THEN 1 ELSE 0 END
                FROM made m JOIN credentials c ON c.created_with = m.id)
            SELECT count(*) AS looked_at, CAST(coalesce(sum(live), 0) AS bigint) AS live FROM (SELECT live FROM made LIMIT @most) seen
            """,
            new
            {
                id,
                now,
                most,
            }
        );

    /// <summary>Whether it made an unrevoked credential for its owner, or for a principal below that owner.</summary>
    public static async Task<bool> AnyOfOwnerAsync(DbConnection connection, string id, string ownerId) =>
        await connection.ExecuteScalarAsync<long>(
            $"SELECT CASE WHEN {MadeAny} AND EXISTS ({OwnBranches} WHERE made_with = @id) THEN 1 ELSE 0 END",
            new { id, top = ownerId }
        ) > 0;

    public static Task<IReadOnlyList<RevokedCredential>> RevokeSuccessorsAsync(
        WriteTransaction tx,
        CredentialRow row,
        long now,
        string reason
    ) =>
        CredentialStore.RevokeWhereAsync(
            tx,
            $"id IN ({Successors})",
            new
            {
                id = row.Id,
                now,
                reason,
            }
        );

    /// <summary>
    /// Revokes the credentials it minted for its owner, or for principals below that owner. The caller holds mints (<see cref="HoldMintsAsync"/>).
    /// </summary>
    public static Task<IReadOnlyList<RevokedCredential>> RevokeOfOwnerAsync(
        WriteTransaction tx,
        CredentialRow row,
        long now,
        string reason
    ) => RevokeOfAsync(tx, OwnBranches, row, row.OwnerId, new(now, reason));

    /// <summary>
    /// Revokes the credentials it minted, within the caller's reach. It revokes at most <paramref name="most"/> of those that the caps of one owner do not
    /// bound. The caller holds mints (<see cref="HoldMintsAsync"/>).
    /// </summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="row">The credential that made them.</param>
    /// <param name="reach">The owners in reach.</param>
    /// <param name="how">When and why.</param>
    /// <param name="most">The most to revoke.</param>
    public static async Task<IReadOnlyList<RevokedCredential>> RevokeInReachAsync(
        WriteTransaction tx,
        CredentialRow row,
        Reach reach,
        Revocation how,
        int most
    ) =>
        reach.OwnOf is { } own
            ? await RevokeOfAsync(tx, AnyBranches, row, own, how)
            : await RevokeThoseAsync(
                tx,
                await tx.QueryAsync<string>(UnrevokedDescendants, new { id = row.Id, most }),
                part =>
                    (
                        reach.Organization is null ? "" : $" AND id IN ({CredentialStore.OfOrganization("@Organization")})",
                        new
                        {
                            part,
                            reach.Organization,
                            now = how.Now,
                            reason = how.Reason,
                        }
                    )
            );

    /// <summary>Revokes the descendants of a credential that <paramref name="top"/> owns, or a principal below it.</summary>
    private static async Task<IReadOnlyList<RevokedCredential>> RevokeOfAsync(
        WriteTransaction tx,
        string branches,
        CredentialRow row,
        string top,
        Revocation how
    )
    {
        var (now, reason) = how;
        // Most credentials made none, and one index look-up finds that out.
        if (await tx.FirstOrDefaultAsync<long>($"SELECT CASE WHEN {MadeAny} THEN 1 ELSE 0 END", new { id = row.Id }) == 0)
        {
            return [];
        }

        var below = Below(await tx.QueryAsync<Branch>(branches, new { top }), row.Id);
        return await RevokeThoseAsync(
            tx,
            below,
            // A branch may lead through another owner's credential.
            part =>
                (
                    $" AND owner_id IN ({OwnerLine.Of("@top")})",
                    new
                    {
                        part,
                        top,
                        now,
                        reason,
                    }
                )
        );
    }

    /// <summary>In one order, whatever order the parts have.</summary>
    private static async Task<IReadOnlyList<RevokedCredential>> RevokeThoseAsync(
        WriteTransaction tx,
        IEnumerable<string> ids,
        Func<string[], (string And, object Parameters)> of
    )
    {
        var revoked = new List<RevokedCredential>();
        foreach (var part in ids.Order(StringComparer.Ordinal).Chunk(CredentialStore.MostIds))
        {
            var (and, parameters) = of(part);
            revoked.AddRange(await CredentialStore.RevokeWhereAsync(tx, tx.Dialect.In("id", "@part") + and, parameters));
        }

        return revoked;
    }

    /// <summary>The credentials below one, directly or through others.</summary>
    private static List<string> Below(IEnumerable<Branch> branches, string id)
    {
        var children = branches.ToLookup(branch => branch.MadeWith, branch => branch.Id, StringComparer.Ordinal);
        var below = new List<string>(children[id]);
        for (var i = 0; i < below.Count; i++)
        {
            below.AddRange(children[below[i]]);
        }

        return below;
    }

    private static string Branches(string through) =>
        $"""
            WITH RECURSIVE own(id) AS ({OwnerLine.Of("@top")}),
            branch(id, made_with) AS (
              SELECT c.id, c.created_with FROM own o JOIN credentials c ON c.owner_id = o.id
                WHERE c.state <> 'revoked' AND c.created_with IS NOT NULL
              UNION SELECT c.id, c.created_with FROM branch b JOIN credentials c ON c.id = b.made_with
                WHERE c.created_with IS NOT NULL{through})
            SELECT id, made_with FROM branch
            """;

    private sealed class Branch
    {
        public string Id { get; init; } = "";

        public string MadeWith { get; init; } = "";
    }
}

/// <summary>The result of counting a credential's live descendants.</summary>
internal sealed class LiveDescendants
{
    public long LookedAt { get; init; }

    public long Live { get; init; }
}
