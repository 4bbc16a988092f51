using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Audit;

/// <summary>The hash chain of the audit trail: appended to at the very end of a mutating transaction, verified row by row.</summary>
public sealed class AuditChain(KeyRing keys)
{
    private static readonly byte[] Genesis = new byte[32];

    /// <summary>Finds the <see cref="ChainHead"/>; there is none in an empty trail.</summary>
    public const string SelectHead = "SELECT seq, hash FROM audit_events ORDER BY seq DESC LIMIT 1";

    /// <summary>Appends in the order given. The caller holds the commit-order lock, so the head cannot move meanwhile.</summary>
    public async Task AppendAsync(WriteTransaction tx, ChainHead? head, IReadOnlyList<AuditEntry> entries)
    {
        var seq = head?.Seq ?? 0;
        var prev = head?.Hash ?? Genesis;
        foreach (var entry in entries)
        {
            var row = new AuditRow
            {
                Seq = ++seq,
                Id = entry.Id,
                At = entry.At,
                Actor = entry.Actor,
                CredentialId = entry.CredentialId,
                Action = entry.Action,
                TargetType = entry.TargetType,
                TargetId = entry.TargetId,
                Api = entry.Api,
                Result = entry.Result,
                Reason = entry.Reason,
                Ip = entry.Ip,
                IpPseudonym = Pseudonym(entry.Ip),
                Agent = entry.Agent,
                RequestId = entry.RequestId,
                Count = entry.Count,
                LastAt = entry.LastAt,
                Prev = prev,
            };
            row.Hash = row.ComputeHash(keys.AuditKey);
            await tx.ExecuteAsync(
                $"""
                INSERT INTO audit_events ({AuditRow.Columns})
                VALUES (@Seq, @Id, @At, @Actor, @CredentialId, @Action, @TargetType, @TargetId, @Api, @Result, @Reason, @Ip, @IpPseudonym,
                  @Agent, @RequestId, @Count, @LastAt, @Prev, @Hash)
                """,
                row
            );
            prev = row.Hash;
        }
    }

    /// <summary>Recomputes every link. Returns the number of events and what is wrong with the first broken one, if any.</summary>
    public async Task<(long Events, string? Fault)> VerifyAsync(DbConnection connection)
    {
        var expected = 1L;
        var prev = Genesis;
        // Unbuffered: a trail does not fit in memory.
        await foreach (var row in connection.QueryUnbufferedAsync<AuditRow>($"SELECT {AuditRow.Columns} FROM audit_events ORDER BY seq"))
        {
            var fault =
                row.Seq != expected ? $"event {expected} is missing"
                : !row.Prev.AsSpan().SequenceEqual(prev) ? $"event {row.Seq} does not follow event {row.Seq - 1}"
                : !CryptographicOperations.FixedTimeEquals(row.ComputeHash(keys.AuditKey), row.Hash) ? $"event {row.Seq} was changed"
                : row.Ip is not null && Pseudonym(row.Ip) != row.IpPseudonym ? $"the address of event {row.Seq} was changed"
                : null;
            if (fault is not null)
            {
                return (expected - 1, fault);
            }

            prev = row.Hash;
            expected++;
        }

        return (expected - 1, null);
    }

    /// <summary>Names an address without containing it: keyed, so that it cannot be found by trying all addresses.</summary>
    private string? Pseudonym(string? ip) =>
        ip is null ? null : Convert.ToHexStringLower(HMACSHA256.HashData(keys.AuditKey, Encoding.ASCII.GetBytes("ip:" + ip)).AsSpan(0, 16));
}

/// <summary>The last event of the trail, which the next one follows.</summary>
public sealed record ChainHead
{
    public long Seq { get; init; }

    public byte[] Hash { get; init; } = [];
}
