using System.Security.Cryptography;

namespace Tokenry.Server.Platform.Store.Audit;

/// <summary>Recomputes the chain, row by row in its order, up to the first fault.</summary>
/// <param name="auditKey">The key of the chain.</param>
/// <param name="anchor">The event before the first row; <c>null</c> = the store's anchor is not valid under this key.</param>
public sealed class ChainCheck(byte[] auditKey, ChainAnchor? anchor)
{
    private readonly List<(string Action, long Seq)> notices = [];
    private byte[] prev = (anchor ?? ChainAnchor.Genesis).Hash;

    /// <summary>The position that the next row must have.</summary>
    public long Expected { get; private set; } = (anchor ?? ChainAnchor.Genesis).Seq + 1;

    /// <summary>How many rows are valid.</summary>
    public long Events { get; private set; }

    /// <summary>The last valid row.</summary>
    public ChainHead? Last { get; private set; }

    /// <summary>The fault of the first row that is not valid.</summary>
    public string? Fault { get; private set; } = anchor is null ? "the anchor, which says where the trail begins, was changed" : null;

    /// <summary>Action and count of the events that report a loss or a rewrite of the trail.</summary>
    public IReadOnlyList<(string Action, long Seq)> Notices => notices;

    /// <summary>Checks the next row; <c>false</c> after the first fault.</summary>
    public bool Take(AuditRow row)
    {
        Fault ??=
            row.Seq != Expected ? $"event {Expected} is missing"
            : !row.Prev.AsSpan().SequenceEqual(prev) ? $"event {row.Seq} does not follow event {row.Seq - 1}"
            : !CryptographicOperations.FixedTimeEquals(row.ComputeHash(auditKey), row.Hash) ? $"event {row.Seq} was changed"
            : row.Ip is not null && AuditRow.Pseudonym(row.Ip, auditKey) != row.IpPseudonym ? $"the address of event {row.Seq} was changed"
            : !new StoredChanges(row.Changes, row.Personal).IsPersonalWhole(auditKey) ? $"the personal data of event {row.Seq} were changed"
            : null;
        if (Fault is not null)
        {
            return false;
        }

        if (row.Action is ChainFault.RolledBack or ChainFault.Broken)
        {
            notices.Add((row.Action, row.Seq));
        }

        prev = row.Hash;
        Expected++;
        Events++;
        Last = new ChainHead
        {
            Seq = row.Seq,
            Hash = row.Hash,
            At = row.At,
        };
        return true;
    }
}
