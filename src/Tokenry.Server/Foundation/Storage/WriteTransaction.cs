using System.Data.Common;
using Dapper;
using Tokenry.Server.Foundation.Audit;

namespace Tokenry.Server.Foundation.Storage;

/// <summary>One mutation: its statements, its audit events and its changes, which commit together or not at all.</summary>
public sealed class WriteTransaction(DbConnection connection, DbTransaction? transaction, Dialect dialect)
{
    private readonly List<AuditEntry> events = [];
    private readonly List<Change> changes = [];
    private volatile bool ended;

    public Dialect Dialect => dialect;

    public IReadOnlyList<Change> Changes => changes;

    internal int AuditEvents => events.Count;

    public Task<int> ExecuteAsync(string sql, object? parameters = null) => Connection.ExecuteAsync(sql, parameters, transaction);

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null) =>
        [.. await Connection.QueryAsync<T>(sql, parameters, transaction)];

    public Task<T?> FirstOrDefaultAsync<T>(string sql, object? parameters = null) =>
        Connection.QueryFirstOrDefaultAsync<T>(sql, parameters, transaction);

    /// <summary>The same statement for each of many rows; see <see cref="RowStatement{TRow}"/>.</summary>
    public Task ExecuteEachAsync<TRow>(RowStatement<TRow> statement, IReadOnlyList<TRow> rows, Action<TRow, long>? returned = null) =>
        statement.RunAsync(Connection, transaction, rows, returned);

    /// <summary>Caches holding this are told once the transaction is durable.</summary>
    public void Changed(string kind, string id) => changes.Add(new Change(kind, id));

    public void Record(AuditEntry entry) => events.Add(entry);

    private DbConnection Connection => ended ? throw new InvalidOperationException("The transaction has ended.") : connection;

    /// <summary>On SQLite the connection lives on: a statement that came later would become part of somebody else's transaction.</summary>
    internal void End() => ended = true;

    /// <summary>The last statements before COMMIT: on PostgreSQL only from here on do writers wait for each other.</summary>
    internal async Task FinishAsync(AuditChain chain, long now)
    {
        if (events.Count == 0 && changes.Count == 0)
        {
            return;
        }

        if (dialect.CommitOrderLock is { } takeLock)
        {
            await ExecuteAsync(takeLock);
        }

        if (events.Count > 0)
        {
            await chain.AppendAsync(this, events);
        }

        if (changes.Count == 0)
        {
            return;
        }

        var last = await FirstOrDefaultAsync<long?>("SELECT max(seq) FROM changes") ?? 0;
        foreach (var change in changes)
        {
            await ExecuteAsync(
                "INSERT INTO changes (seq, kind, id, at) VALUES (@Seq, @Kind, @Id, @At)",
                new
                {
                    Seq = ++last,
                    change.Kind,
                    change.Id,
                    At = now,
                }
            );
        }

        if (dialect.Notify is { } notify)
        {
            await ExecuteAsync(notify);
        }
    }
}
