using System.Data.Common;
using Dapper;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>When and why credentials are revoked.</summary>
/// <param name="Now">Unix ms.</param>
/// <param name="Reason">For their records.</param>
public readonly record struct Revocation(long Now, string Reason);

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

    /// <summary>The same, at most <c>@most</c> of those that are not revoked. Planners stop when they have them.</summary>
    private const string UnrevokedDescendants = """
        WITH RECURSIVE made(id, state) AS (
          SELECT id, state FROM credentials WHERE created_with = @id
          UNION ALL SELECT c.id, c.state FROM made m JOIN credentials c ON c.created_with = m.id)
        SELECT id FROM made WHERE state <> 'revoked' LIMIT @most
        """;

    /// <summary>The ids of what replaced <c>@id</c>, and of what replaced that.</summary>
    private const string Successors = """
        WITH RECURSIVE line(id) AS (
          SELECT id FROM credentials WHERE renewed_from = @id
          UNION SELECT c.id FROM credentials c JOIN line l ON c.renewed_from = l.id)
        SELECT id FROM line
        """;

    /// <summary>
    /// The part of the forest that leads to what the principal <c>@top</c> and those below it have unrevoked. It is read upwards: what they have is bounded
    /// by caps, what a credential ever made is not.
    /// </summary>
    private static readonly string OwnBranches = Branches(" AND c.owner_id IN (SELECT id FROM own)");

    /// <summary>The same through credentials of any owner.</summary>
    private static readonly string AnyBranches = Branches("");

    private const string MadeAny = "EXISTS (SELECT 1 FROM credentials WHERE created_with = @id)";

    /// <summary>
    /// Has mutations that mint wait until this ends, and waits for those that run: what they make is found then. Taken before any credential is locked
    /// (<see cref="WriteTransaction"/>); what is minted afterwards by what this revokes is refused at its end (<see cref="Premise"/>).
    /// </summary>
    public static async Task HoldMintsAsync(WriteTransaction tx)
    {
        if (tx.Dialect.HoldMints is { Length: > 0 } take)
        {
            await tx.FirstOrDefaultAsync<int>(take);
        }
    }

    /// <summary>For a mutation that mints and locks a credential before: the lock that minting takes comes first.</summary>
    public static async Task JoinMintsAsync(WriteTransaction tx)
    {
        if (tx.Dialect.JoinMints is { Length: > 0 } take)
        {
            await tx.FirstOrDefaultAsync<int>(take);
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

    /// <summary>How many of its descendants are neither revoked nor expired, of as many as are looked at.</summary>
    /// <param name="connection">A list's: this may take long.</param>
    /// <param name="id">The credential.</param>
    /// <param name="now">Unix ms.</param>
    /// <param name="most">How many are looked at.</param>
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

    /// <summary>Whether something that it made for its owner, or for what is below that, is not revoked.</summary>
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

    /// <summary>What it minted for its owner, or for what is below that. The caller holds mints (<see cref="HoldMintsAsync"/>).</summary>
    public static Task<IReadOnlyList<RevokedCredential>> RevokeOfOwnerAsync(
        WriteTransaction tx,
        CredentialRow row,
        long now,
        string reason
    ) => RevokeOfAsync(tx, OwnBranches, row, row.OwnerId, new(now, reason));

    /// <summary>
    /// What it minted, as far as the caller's reach goes; no more than <paramref name="most"/> of what the caps of one owner do not bound. The caller holds
    /// mints (<see cref="HoldMintsAsync"/>).
    /// </summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="row">What made them.</param>
    /// <param name="reach">Whose of them.</param>
    /// <param name="how">When and why.</param>
    /// <param name="most">How many.</param>
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
                        "",
                        new
                        {
                            part,
                            now = how.Now,
                            reason = how.Reason,
                        }
                    )
            );

    /// <summary>Of what leads from a credential to what is owned by <paramref name="top"/> or below it.</summary>
    private static async Task<IReadOnlyList<RevokedCredential>> RevokeOfAsync(
        WriteTransaction tx,
        string branches,
        CredentialRow row,
        string top,
        Revocation how
    )
    {
        var (now, reason) = how;
        // Most credentials made nothing: one look at the index says so.
        if (await tx.FirstOrDefaultAsync<long>($"SELECT CASE WHEN {MadeAny} THEN 1 ELSE 0 END", new { id = row.Id }) == 0)
        {
            return [];
        }

        var below = Below(await tx.QueryAsync<Branch>(branches, new { top }), row.Id);
        return await RevokeThoseAsync(
            tx,
            below,
            // A branch may lead through what is another's.
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

    /// <summary>In one order, whatever the parts they are written in.</summary>
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

    /// <summary>What is below a credential, by itself or through what it made.</summary>
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

/// <summary>What was found of a credential's descendants.</summary>
internal sealed class LiveDescendants
{
    public long LookedAt { get; init; }

    public long Live { get; init; }
}
