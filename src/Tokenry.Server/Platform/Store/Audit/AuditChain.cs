using System.Collections.Concurrent;
using System.Data.Common;
using Dapper;

namespace Tokenry.Server.Platform.Store.Audit;

/// <summary>
/// The hash chain of the audit trail. A mutating transaction appends to it at its very end; a check verifies it row by row. Every append compares the
/// store's newest event with the newest event that this process knows, so that it detects removed events.
/// </summary>
public sealed class AuditChain(AuditKey key)
{
    /// <summary>Rows per read, so that a check of a long trail does not block other work.</summary>
    private const int Batch = 5000;

    private readonly Lock newestLock = new();
    private readonly ConcurrentQueue<ChainFault> faults = new();
    private ChainHead? newest;

    /// <summary>Finds the <see cref="ChainHead"/>; an empty trail has none.</summary>
    public const string SelectHead = "SELECT seq, hash, at FROM audit_events ORDER BY seq DESC LIMIT 1";

    /// <summary>The newest event that this process knows; other replicas may have appended more.</summary>
    public ChainHead? Newest
    {
        get
        {
            lock (newestLock)
            {
                return newest;
            }
        }
    }

    /// <summary>Receives the newest event in the store, which cannot be older than an event known before.</summary>
    /// <param name="head">Read after the commit of every event that this process knows.</param>
    public void Observe(ChainHead? head)
    {
        lock (newestLock)
        {
            if (newest is not { } known)
            {
                return;
            }

            var seq = head?.Seq ?? 0;
            if (seq < known.Seq || (seq == known.Seq && !known.IsAs(head!)))
            {
                // Report each fault once: from here on, the store's newest event is the known one.
                newest = head;
                faults.Enqueue(new ChainFault(known, head));
            }
        }
    }

    /// <summary>Marks these events as durable.</summary>
    public void Committed(ChainHead? head)
    {
        lock (newestLock)
        {
            if (head is not null && head.Seq >= (newest?.Seq ?? 0))
            {
                newest = head;
            }
        }
    }

    /// <summary>A fault that was noticed but not reported yet.</summary>
    public bool TryTakeFault([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ChainFault? fault) => faults.TryDequeue(out fault);

    /// <summary>Records that a known event is missing or differs.</summary>
    public void Noticed(ChainFault fault)
    {
        lock (newestLock)
        {
            if (newest is not null && newest.IsAs(fault.Known))
            {
                newest = fault.Found;
            }
            else if ((fault.Found?.Seq ?? 0) <= fault.Known.Seq)
            {
                return; // an append in the meantime has noticed it
            }

            faults.Enqueue(fault);
        }
    }

    /// <summary>Chains events in the order given. The caller holds the commit-order lock, so the head cannot move before they are written.</summary>
    /// <returns>The rows to write, and the newest event once they are committed.</returns>
    internal (PendingRows Rows, ChainHead? Newest) Append(ChainHead? head, IReadOnlyList<AuditEntry> entries)
    {
        Observe(head);
        var last = head;
        var auditKey = key.Bytes;
        var rows = new AuditRow[entries.Count];
        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows[i] = AuditRow.Of(entries[i], last, auditKey);
            last = new ChainHead
            {
                Seq = row.Seq,
                Hash = row.Hash,
                At = row.At,
            };
        }

        return (AuditRow.Insert.With(rows), last);
    }

    /// <summary>Recomputes every link, in many short reads, while the server appends events and retention removes the oldest.</summary>
    public async Task<ChainCheck> CheckAsync(Database database)
    {
        while (true)
        {
            var anchor = await database.ReadAsync(AnchorAsync);
            var check = new ChainCheck(key.Bytes, anchor);
            IReadOnlyList<AuditRow> rows;
            do
            {
                var from = check.Expected;
                // Rows before the anchor must not exist either: if they do, the check reads them first.
                var after = check.Events == 0 ? 0 : from - 1;
                rows = await database.ReadAsync(async connection =>
                    (IReadOnlyList<AuditRow>)
                        [
                            .. await connection.QueryAsync<AuditRow>(
                                $"SELECT {AuditRow.Columns} FROM audit_events WHERE seq > @after ORDER BY seq LIMIT @Batch",
                                new { after, Batch }
                            ),
                        ]
                );
            } while (rows.All(check.Take) && rows.Count == Batch);

            if (check.Fault is null || (await database.ReadAsync(AnchorAsync))?.Seq == anchor?.Seq)
            {
                return check;
            }
        }
    }

    private async Task<ChainAnchor?> AnchorAsync(DbConnection connection) =>
        ChainAnchor.Read(await connection.QueryFirstOrDefaultAsync<string>(ChainAnchor.Select), key.Bytes);
}
