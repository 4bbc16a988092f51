namespace Tokenry.Server.Platform.Store;

/// <summary>
/// The facts behind a mutation's decision, as they were at a position in <c>changes</c>. A transaction with a premise commits only if none of them has changed
/// since.
/// </summary>
/// <param name="Position">The facts hold every change up to this sequence number (<see cref="ChangeHub.Position"/>).</param>
/// <param name="Ids">Ids of the credential, the principals and the access token. The catalog and the signing keys are always part of a premise.</param>
public record Premise(long Position, IReadOnlyList<string> Ids)
{
    /// <summary>
    /// Finds a change that the facts do not hold; 0 = none. On SQLite, changes of the current batch count too: caches learn of them after COMMIT.
    /// </summary>
    internal virtual Task<long> FindChangeAsync(WriteTransaction tx) =>
        tx.FirstOrDefaultAsync<long>(
            $"""
            {Change.SelectNewest}
            WHERE seq > @Position AND (kind IN ('{ChangeKind.Catalog}', '{ChangeKind.SigningKey}') OR {tx.Dialect.In("id", "@Ids")})
            """,
            new { Position, Ids }
        );
}

/// <summary>The transaction was rolled back because its <see cref="Premise"/> no longer held. The server must decide again.</summary>
/// <param name="position">The change that the facts must hold next time.</param>
public sealed class PremiseChangedException(long position) : Exception("The facts behind the decision have changed.")
{
    public long Position { get; } = position;
}
