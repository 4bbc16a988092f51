using Tokenry.Server.Core.Access;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Operations;

/// <summary>
/// The premise of a count of gains: it holds until a counted credential or principal changes, or another one comes into the count. Other changes do not
/// matter: on a busy server they always happen.
/// </summary>
/// <param name="Position">The sequence number up to which the count holds every change.</param>
/// <param name="Looked">The principals whose credentials were examined.</param>
/// <param name="Altered">The changes to APIs and roles.</param>
internal sealed record GainsPremise(long Position, IReadOnlySet<string> Looked, CatalogDifference Altered) : Premise(Position, [])
{
    /// <summary>Above this number it is cheaper to count again.</summary>
    private const int Most = 1000;

    internal override async Task<long> FindChangeAsync(WriteTransaction tx)
    {
        if (await base.FindChangeAsync(tx) is > 0 and var always)
        {
            return always;
        }

        var changes = await tx.QueryAsync<Changed>(
            $"SELECT seq, kind, id FROM changes WHERE seq > @Position AND kind IN ('{ChangeKind.Principal}', '{ChangeKind.Credential}') ORDER BY seq DESC LIMIT @Most",
            new { Position, Most }
        );
        if (changes.Count == 0)
        {
            return 0;
        }

        return changes.Count == Most || await AnyAsync(tx, Ids(ChangeKind.Principal), Ids(ChangeKind.Credential)) ? changes[0].Seq : 0;

        string[] Ids(string kind) =>
            [.. changes.Where(change => change.Kind == kind).Select(change => change.Id).Distinct(StringComparer.Ordinal)];
    }

    private async Task<bool> AnyAsync(WriteTransaction tx, string[] principals, string[] credentials)
    {
        if (principals.Any(Looked.Contains))
        {
            return true;
        }

        var owners = await tx.QueryAsync<string>(
            $"SELECT owner_id FROM credentials WHERE {tx.Dialect.In("id", "@credentials")}",
            new { credentials }
        );
        if (owners.Any(Looked.Contains))
        {
            return true;
        }

        var rows = await tx.QueryAsync<Joined>(
            $"SELECT owner_id, permissions FROM principals WHERE {tx.Dialect.In("id", "@principals")}",
            new { principals }
        );
        if (
            rows.Any(row =>
                (row.OwnerId is { } owner && Looked.Contains(owner)) || (row.Permissions is not null && Altered.Resources.Count > 0)
            )
        )
        {
            return true;
        }

        var roles = Altered.Roles.ToArray();
        var (theirs, those) = (tx.Dialect.In("principal_id", "@principals"), tx.Dialect.In("role_id", "@roles"));
        return await tx.FirstOrDefaultAsync<long>(
                $"SELECT (SELECT count(*) FROM principal_roles WHERE {theirs} AND {those}) + (SELECT count(*) FROM organization_members WHERE {theirs} AND {those}) "
                    + $"+ (SELECT count(*) FROM object_roles WHERE {theirs} AND {those})",
                new { principals, roles }
            ) > 0;
    }

    private sealed class Changed
    {
        public long Seq { get; init; }

        public string Kind { get; init; } = "";

        public string Id { get; init; } = "";
    }

    private sealed class Joined
    {
        public string? OwnerId { get; init; }

        public string? Permissions { get; init; }
    }
}
