using System.Data.Common;
using Dapper;
using Npgsql;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Platform.Store;

/// <summary>
/// One mutation: its statements, its audit events and its changes, which commit together or not at all.
/// <para>
/// On PostgreSQL, mutations run concurrently. To prevent deadlocks, each takes its locks in this order, and locks several rows by ascending id
/// (docs/decisions/0064-locks.md): API resources; roles; organizations; users; applications; <see cref="Dialect.AdministratorsLock"/>; sessions;
/// <see cref="Dialect.JoinMints"/> or <see cref="Dialect.HoldMints"/>; credentials; their secrets; <c>credential_counts</c>;
/// <see cref="Dialect.CommitOrderLock"/>. Background work skips locked rows.
/// </para>
/// </summary>
public sealed class WriteTransaction(
    DbConnection connection,
    DbTransaction? transaction,
    Dialect dialect,
    SqliteStatements? statements = null
)
{
    private static readonly RowStatement<NumberedChange> InsertChange = new RowStatement<NumberedChange>(
        "INSERT INTO changes (seq, kind, id, at) VALUES (@1, @2, @3, @4)"
    )
        .Number(row => row.Seq)
        .Text(row => row.Change.Kind)
        .Text(row => row.Change.Id)
        .Number(row => row.At);

    private readonly List<AuditEntry> events = [];
    private readonly List<Change> changes = [];
    private volatile bool ended;
    private readonly List<Premise> premises = [];

    public Dialect Dialect => dialect;

    public IReadOnlyList<Change> Changes => changes;

    internal int AuditEvents => events.Count;

    /// <summary>The newest audit event once this transaction is durable; <c>null</c> if it was not read.</summary>
    internal ChainHead? NewestEvent { get; private set; }

    /// <summary>The sequence number of its last change; 0 if it has none.</summary>
    internal long LastSequence { get; private set; }

    public Task<int> ExecuteAsync(string sql, object? parameters = null) => Connection.ExecuteAsync(sql, parameters, transaction);

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null) =>
        [.. await Connection.QueryAsync<T>(sql, parameters, transaction)];

    public Task<T?> FirstOrDefaultAsync<T>(string sql, object? parameters = null) =>
        Connection.QueryFirstOrDefaultAsync<T>(sql, parameters, transaction);

    /// <summary>Runs the same statement for each of many rows; see <see cref="RowStatement{TRow}"/>.</summary>
    public Task ExecuteEachAsync<TRow>(RowStatement<TRow> statement, IReadOnlyList<TRow> rows, Action<TRow, long>? returned = null) =>
        statement.RunAsync(Connection, transaction, rows, returned, statements);

    /// <summary>Tells the caches that hold this thing, once the transaction is durable.</summary>
    public void Changed(string kind, string id) => changes.Add(new Change(kind, id));

    public void Record(AuditEntry entry) => events.Add(entry);

    /// <summary>Lets the transaction commit only if the facts behind its decision have not changed (<see cref="PremiseChangedException"/>).</summary>
    public void StandsOn(Premise what)
    {
        // One query for all the facts of one position: while it runs, other writers wait.
        var same = premises.FindIndex(known => known.GetType() == typeof(Premise) && known.Position == what.Position);
        if (same < 0 || what.GetType() != typeof(Premise))
        {
            premises.Add(what);
            return;
        }

        premises[same] = what with { Ids = [.. premises[same].Ids.Union(what.Ids, StringComparer.Ordinal)] };
    }

    /// <summary>Runs statements and rolls them back, with the events and changes they recorded. What they stand on stays: their outcome rests on it.</summary>
    public async Task TryOutAsync(Func<Task> statements)
    {
        var (recorded, changed) = (events.Count, changes.Count);
        // Two words each: Dapper takes one word for the name of a procedure.
        await ExecuteAsync("SAVEPOINT tried_out");
        await statements();
        await ExecuteAsync("ROLLBACK TO SAVEPOINT tried_out");
        await ExecuteAsync("RELEASE SAVEPOINT tried_out");
        events.RemoveRange(recorded, events.Count - recorded);
        changes.RemoveRange(changed, changes.Count - changed);
    }

    private DbConnection Connection => ended ? throw new InvalidOperationException("The transaction has ended.") : connection;

    /// <summary>Blocks later statements: on SQLite the connection stays open, and they would become part of another transaction.</summary>
    internal void End() => ended = true;

    /// <summary>
    /// The last statements. On PostgreSQL, writers wait for each other from here on, and so for every round trip that is made here: there are two, and the
    /// second brings COMMIT. On SQLite the writer commits.
    /// </summary>
    internal async Task FinishAsync(AuditChain chain, long now)
    {
        if (events.Count == 0 && changes.Count == 0)
        {
            await RequirePremiseAsync();
            await (transaction?.CommitAsync(CancellationToken.None) ?? Task.CompletedTask);
            return;
        }

        // Each statement sees what was committed before it started: the statements after the lock see all earlier commits.
        string[] first = changes.Count == 0 ? [dialect.CommitOrderLock] : [dialect.CommitOrderLock, dialect.Notify];
        ChainHead? head;
        long last;
        await using (
            var found = await Connection.QueryMultipleAsync(
                $"{string.Concat(first)}{AuditChain.SelectHead};{Change.SelectNewest}",
                transaction: transaction
            )
        )
        {
            foreach (var _ in first.Where(statement => statement.Length > 0))
            {
                await found.ReadAsync();
            }

            head = await found.ReadFirstOrDefaultAsync<ChainHead>();
            last = await found.ReadFirstAsync<long>();
        }

        if (premises.Exists(premise => last > premise.Position))
        {
            await RequirePremiseAsync(); // after the lock: no other transaction can commit between this check and the commit
        }

        (var audit, NewestEvent) = chain.Append(head, events);
        await EndAsync(audit, InsertChange.With([.. changes.Select((change, i) => new NumberedChange(last + 1 + i, change, now))]));
        LastSequence = changes.Count == 0 ? 0 : last + changes.Count;
    }

    private async Task EndAsync(params PendingRows[] rows)
    {
        if (Connection is not NpgsqlConnection postgres)
        {
            foreach (var pending in rows)
            {
                pending.Run(statements!);
            }

            return;
        }

        await using var batch = new NpgsqlBatch(postgres, (NpgsqlTransaction?)transaction);
        foreach (var pending in rows)
        {
            pending.AddTo(batch);
        }

        batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        await batch.ExecuteNonQueryAsync();
    }

    /// <exception cref="PremiseChangedException">The facts behind the decision have changed.</exception>
    internal async Task RequirePremiseAsync()
    {
        foreach (var premise in premises)
        {
            if (await premise.FindChangeAsync(this) is > 0 and var changed)
            {
                throw new PremiseChangedException(changed);
            }
        }
    }

    private readonly record struct NumberedChange(long Seq, Change Change, long At);
}
