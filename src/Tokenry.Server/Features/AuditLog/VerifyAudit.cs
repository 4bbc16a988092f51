using System.Globalization;
using Dapper;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.AuditLog;

/// <summary><c>admin audit verify [--data-directory D]</c>: recomputes the chain and compares it with the signed head; exit code 0 = whole, 1 = not.</summary>
/// <param name="database">The store.</param>
/// <param name="chain">The chain.</param>
/// <param name="file">The head on disk.</param>
/// <param name="keeper">The keeper of a running server; it signs a new head before it compares.</param>
public sealed class VerifyAudit(Database database, AuditChain chain, AuditHeadFile file, AuditHeadKeeper? keeper = null)
{
    public static readonly CommandVerb Command = new(
        "admin audit verify",
        "Recomputes the audit chain and compares it with the signed head."
    );

    public async Task<ControlAnswer> RunAsync(IReadOnlyDictionary<string, string> arguments)
    {
        if (keeper is not null)
        {
            // The keeper has already reported its faults. The head on disk can be from before a restore, so write a new one.
            await keeper.RenewAsync();
        }

        // Read before the chain, which then is at least as new.
        var heads = file.Read();
        var head = heads.Own;
        var known = chain.Newest;
        var check = await chain.CheckAsync(database);
        var faults = new List<string>();
        if (check.Fault is { } fault)
        {
            faults.Add(
                check.Events == 0
                    ? $"The chain is broken: {fault}."
                    : Text($"The chain is broken: {fault}. Events {check.Expected - check.Events} to {check.Expected - 1} are whole.")
            );
        }

        if (heads.Fault is { } unreadable)
        {
            faults.Add(unreadable);
        }
        else if (head is null)
        {
            faults.Add(
                heads.Other is null
                    ? $"There is no head at {file.Path}, so removed newest events cannot be told. A running server writes it within 10 s."
                    : $"The head at {file.Path} is of another store, {heads.Other.Store}, so removed newest events cannot be told. A running server "
                        + "writes the head of this one within 10 s."
            );
        }

        if (check.Fault is null)
        {
            // The head in a running process can be newer than its file.
            var expected = known is not null && known.Seq > (head?.Seq ?? 0) ? known : head;
            if (expected is not null && await CompareAsync(expected, check) is { } difference)
            {
                faults.Add(difference);
            }
        }

        if (faults.Count > 0)
        {
            return new ControlAnswer(string.Join(Environment.NewLine, faults.Prepend("audit: BROKEN")), null, failed: true);
        }

        var words = new List<string>
        {
            check.Last is not { } last
                ? "audit: whole. There is no event."
                : Text(
                    $"audit: whole. {check.Events} events, {last.Seq - check.Events + 1} to {last.Seq}; head {head!.Seq} of {Time(head.At)} fits."
                ),
        };
        if (check.Notices.Count > 0)
        {
            foreach (
                var (action, events) in check
                    .Notices.GroupBy(notice => notice.Action, notice => notice.Seq)
                    .Select(told => (told.Key, told))
            )
            {
                var what = action == ChainFault.RolledBack ? "It lost events before" : "It was rewritten before";
                words.Add($"{what}, which event {string.Join(", ", events)} tells: GET /v1/audit?action={action}");
            }
        }

        return new ControlAnswer(string.Join(Environment.NewLine, words), null);
    }

    private async Task<string?> CompareAsync(ChainHead head, ChainCheck check)
    {
        if (head.Seq > (check.Last?.Seq ?? 0))
        {
            return new ChainFault(head, check.Last) + ".";
        }

        if (head.Seq <= check.Last!.Seq - check.Events)
        {
            return null; // retention removed it since
        }

        var hash = await database.ReadAsync(connection =>
            connection.QueryFirstOrDefaultAsync<byte[]>("SELECT hash FROM audit_events WHERE seq = @Seq", new { head.Seq })
        );
        return hash is not null && hash.AsSpan().SequenceEqual(head.Hash) ? null : new ChainFault(head, check.Last) + ".";
    }

    private static string Time(long at) =>
        DateTimeOffset.FromUnixTimeMilliseconds(at).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
