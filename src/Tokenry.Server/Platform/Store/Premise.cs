namespace Tokenry.Server.Platform.Store;

/// <summary>
/// What a mutation was decided from: facts of these things, as they were at a position in <c>changes</c>. A transaction that stands on one commits only if
/// none of them has changed since.
/// </summary>
/// <param name="Position">The sequence number up to which the facts hold every change (<see cref="ChangeHub.Position"/>).</param>
/// <param name="Ids">Ids of the credential, the principals and the access token. The catalog and the signing keys always count.</param>
public record Premise(long Position, IReadOnlyList<string> Ids)
{
    /// <summary>Finds a change that the facts do not hold; 0 = none. On SQLite a change of the running batch counts: caches learn of it after COMMIT.</summary>
    internal virtual Task<long> FindChangeAsync(WriteTransaction tx) =>
        tx.FirstOrDefaultAsync<long>(
            $"""
            {Change.SelectNewest}
            WHERE seq > @Position AND (kind IN ('{ChangeKind.Catalog}', '{ChangeKind.SigningKey}') OR {tx.Dialect.In("id", "@Ids")})
            """,
            new { Position, Ids }
        );
}

/// <summary>The transaction was rolled back because its <see cref="Premise"/> no longer held. The decision must be made again.</summary>
/// <param name="position">The change that the facts must hold next time.</param>
public sealed class PremiseChangedException(long position) : Exception("What the operation was decided from has changed.")
{
    public long Position { get; } = position;
}
