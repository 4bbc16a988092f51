using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Operations;

/// <summary>
/// Runs mutations of the server itself (first start, a command on the host, a schedule). There is no caller to authorise, but the audit records them.
/// </summary>
public sealed class SystemGate(Database database, TimeProvider time)
{
    public Task<T> WriteAsync<T>(string action, Func<WriteTransaction, AuditEntry, Task<T>> operation) =>
        database.WriteAsync(async tx =>
        {
            var entry = Entry(action);
            var result = await operation(tx, entry);
            tx.Record(entry);
            return result;
        });

    /// <summary>An entry for a write in a transaction that another operation opened.</summary>
    public AuditEntry Entry(string action)
    {
        var now = time.GetUtcNow();
        return new()
        {
            Id = PublicId.Create("evt", PublicId.NewUuid7(now)),
            At = now.ToUnixTimeMilliseconds(),
            Actor = AuditEntry.System,
            Action = action,
        };
    }
}
