namespace Tokenry.Server.Foundation.Storage;

/// <summary>
/// What a mutation was decided from: facts of these things, as they were at a position in <c>changes</c>. A transaction that stands on one commits only if
/// none of them has changed since.
/// </summary>
/// <param name="Position">The sequence number up to which the facts hold every change (<see cref="ChangeHub.Position"/>).</param>
/// <param name="Ids">Ids of the credential, the principals and the access token. The catalog and the signing keys always count.</param>
public sealed record Premise(long Position, string[] Ids)
{
    /// <summary>Whether every credential and principal counts, not those of <see cref="Ids"/> alone.</summary>
    public bool IsOfAll { get; init; }

    /// <summary>The same as a parameter of SQL, for which it must be public.</summary>
    public long OfAll => IsOfAll ? 1 : 0;

    /// <summary>Finds a change that the facts do not hold. On SQLite a change of the running batch counts: caches learn of it after COMMIT.</summary>
    internal static string Select(Dialect dialect) =>
        $"SELECT coalesce(max(seq), 0) FROM changes WHERE seq > @Position AND (kind IN ('{ChangeKind.Catalog}', '{ChangeKind.SigningKey}') OR {dialect.In("id", "@Ids")} OR (@OfAll = 1 AND kind IN ('{ChangeKind.Principal}', '{ChangeKind.Credential}')))";
}

/// <summary>The transaction was rolled back because its <see cref="Premise"/> no longer held. The decision must be made again.</summary>
/// <param name="position">The change that the facts must hold next time.</param>
public sealed class PremiseChangedException(long position) : Exception("What the operation was decided from has changed.")
{
    public long Position { get; } = position;
}
