using System.Data.Common;
using Dapper;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Platform.Store;

/// <summary>
/// One mutation: its statements, its audit events and its changes, which commit together or not at all.
/// <para>
/// On PostgreSQL mutations run beside each other. Every one takes its locks in this order, and of several rows those with the lower id first, so that none
/// waits for one that waits for it (docs/decisions/0064-locks.md): API resources; roles; users; applications; <see cref="Dialect.AdministratorsLock"/>;
/// <see cref="Dialect.JoinMints"/> or <see cref="Dialect.HoldMints"/>; credentials; their secrets; <c>credential_counts</c>;
/// <see cref="Dialect.CommitOrderLock"/>. Work in the background passes over rows that are locked.
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

    /// <summary>The newest audit event once this is durable; <c>null</c> where nothing was looked at.</summary>
    internal ChainHead? NewestEvent { get; private set; }

    /// <summary>The sequence number of its last change; 0 where it has none.</summary>
    internal long LastSequence { get; private set; }

    public Task<int> ExecuteAsync(string sql, object? parameters = null) => Connection.ExecuteAsync(sql, parameters, transaction);

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null) =>
        [.. await Connection.QueryAsync<T>(sql, parameters, transaction)];

    public Task<T?> FirstOrDefaultAsync<T>(string sql, object? parameters = null) =>
        Connection.QueryFirstOrDefaultAsync<T>(sql, parameters, transaction);

    /// <summary>The same statement for each of many rows; see <see cref="RowStatement{TRow}"/>.</summary>
    public Task ExecuteEachAsync<TRow>(RowStatement<TRow> statement, IReadOnlyList<TRow> rows, Action<TRow, long>? returned = null) =>
        statement.RunAsync(Connection, transaction, rows, returned, statements);

    /// <summary>Caches holding this are told once the transaction is durable.</summary>
    public void Changed(string kind, string id) => changes.Add(new Change(kind, id));

    public void Record(AuditEntry entry) => events.Add(entry);

    /// <summary>Has it commit only if what it was decided from has not changed (<see cref="PremiseChangedException"/>).</summary>
    public void StandsOn(Premise what) => premises.Add(what);

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

    /// <summary>On SQLite the connection lives on: a statement that came later would become part of somebody else's transaction.</summary>
    internal void End() => ended = true;

    /// <summary>
    /// The last statements before COMMIT: on PostgreSQL only from here on do writers wait for each other, and so for every round trip that is made here.
    /// </summary>
    internal async Task FinishAsync(AuditChain chain, long now)
    {
        if (events.Count == 0 && changes.Count == 0)
        {
            await RequirePremiseAsync();
            return;
        }

        // Each statement sees what was committed before it: those behind the lock see all that went before.
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
            await RequirePremiseAsync(); // behind the lock: nothing can come between this look and the commit
        }

        NewestEvent = await chain.AppendAsync(this, head, events);
        await ExecuteEachAsync(InsertChange, [.. changes.Select((change, i) => new NumberedChange(last + 1 + i, change, now))]);
        LastSequence = changes.Count == 0 ? 0 : last + changes.Count;
    }

    private async Task RequirePremiseAsync()
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
