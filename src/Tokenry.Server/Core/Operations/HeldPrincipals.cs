using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Operations;

/// <summary>
/// Finds which principals a principal holds: itself, the user at the top of its owner line and all that this user owns. It also holds each principal for
/// which one of these made a credential or a credential's newest secret, or saw it revealed.
/// </summary>
internal static class HeldPrincipals
{
    private const int Step = 500;

    /// <param name="tx">The transaction.</param>
    /// <param name="id">The holder.</param>
    public static async Task<IReadOnlySet<string>> OfAsync(WriteTransaction tx, string id)
    {
        var held = new HashSet<string>(StringComparer.Ordinal) { id };
        var known = new HashSet<string>(StringComparer.Ordinal) { id, await TopAsync(tx, id) };
        held.UnionWith(known);
        IReadOnlyList<string> next = [.. known];
        while (next.Count > 0)
        {
            var found = new List<string>();
            foreach (var ids in next.Chunk(Step))
            {
                var owned = await OwnedAsync(tx, ids);
                held.UnionWith(owned);
                found.AddRange(owned);
                foreach (var (owner, isLive) in await MadeForAsync(tx, ids))
                {
                    // A revoked credential gives no hold over its owner. It may have made other credentials, so the search continues from it.
                    if (isLive == 1)
                    {
                        held.Add(owner);
                    }

                    found.Add(owner);
                }
            }

            next = [.. found.Where(known.Add)];
        }

        foreach (var ids in known.Except(held, StringComparer.Ordinal).Chunk(Step))
        {
            held.UnionWith(await SelfMadeAsync(tx, ids));
        }

        return held;
    }

    private static async Task<string> TopAsync(WriteTransaction tx, string id)
    {
        for (var line = 1; line <= PrincipalFacts.LongestLine; line++)
        {
            if (await tx.FirstOrDefaultAsync<string>("SELECT owner_id FROM principals WHERE id = @id", new { id }) is not { } owner)
            {
                break;
            }

            id = owner;
        }

        return id;
    }

    private static Task<IReadOnlyList<string>> OwnedAsync(WriteTransaction tx, string[] ids) =>
        tx.QueryAsync<string>($"SELECT id FROM principals WHERE {tx.Dialect.In("owner_id", "@ids")} AND deleted_at IS NULL", new { ids });

    /// <summary>The principals for which they made a credential or its newest secret, or had it revealed, and whether one of these credentials is not revoked.</summary>
    private static Task<IReadOnlyList<(string Owner, long IsLive)>> MadeForAsync(WriteTransaction tx, string[] ids) =>
        tx.QueryAsync<(string Owner, long IsLive)>(
            $"""
            SELECT owner_id, max(CASE WHEN state <> 'revoked' THEN 1 ELSE 0 END) FROM (
              SELECT c.owner_id, c.state FROM credentials m JOIN credentials c ON c.created_with = m.id WHERE {tx.Dialect.In(
                "m.owner_id",
                "@ids"
            )}
              UNION ALL SELECT owner_id, state FROM credentials
                WHERE created_with IS NULL AND created_by <> owner_id AND {tx.Dialect.In("created_by", "@ids")}
              UNION ALL SELECT owner_id, state FROM credentials
                WHERE renewed_by IS NOT NULL AND renewed_by <> owner_id AND {tx.Dialect.In("renewed_by", "@ids")}
              UNION ALL SELECT c.owner_id, c.state FROM credential_reveals r JOIN credentials c ON c.id = r.credential_id
                WHERE {tx.Dialect.In("r.principal_id", "@ids")}) made
            GROUP BY owner_id
            """,
            new { ids }
        );

    /// <summary>Those of them that have a credential which they made for themselves, perhaps with a credential that was revoked later.</summary>
    private static Task<IReadOnlyList<string>> SelfMadeAsync(WriteTransaction tx, string[] ids) =>
        tx.QueryAsync<string>(
            $"""
            SELECT DISTINCT owner_id FROM credentials
            WHERE {tx.Dialect.In("owner_id", "@ids")} AND state <> 'revoked' AND (created_by = owner_id OR renewed_by = owner_id)
            """,
            new { ids }
        );
}
