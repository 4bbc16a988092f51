using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Platform.Store.Audit;

/// <summary>
/// An audit event as stored. The hash does not cover <see cref="Ip"/> and <see cref="Personal"/> but their pseudonyms, so that both can be erased.
/// </summary>
public sealed class AuditRow
{
    public const string Columns =
        "seq, id, at, actor, credential_id, action, target_type, target_id, api, result, reason, ip, ip_pseudonym, agent, request_id, "
        + "count, last_at, changes, personal, organization_id, prev, hash";

    internal static readonly RowStatement<AuditRow> Insert = new RowStatement<AuditRow>(
        $"INSERT INTO audit_events ({Columns}) VALUES ({string.Join(", ", Columns.Split(',').Select((_, i) => $"@{i + 1}"))})"
    )
        .Number(row => row.Seq)
        .Text(row => row.Id)
        .Number(row => row.At)
        .Text(row => row.Actor)
        .Text(row => row.CredentialId)
        .Text(row => row.Action)
        .Text(row => row.TargetType)
        .Text(row => row.TargetId)
        .Text(row => row.Api)
        .Text(row => row.Result)
        .Text(row => row.Reason)
        .Text(row => row.Ip)
        .Text(row => row.IpPseudonym)
        .Text(row => row.Agent)
        .Text(row => row.RequestId)
        .Number(row => row.Count)
        .NumberOrNull(row => row.LastAt)
        .Text(row => row.Changes)
        .Text(row => row.Personal)
        .Text(row => row.OrganizationId)
        .Bytes(row => row.Prev)
        .Bytes(row => row.Hash);

    public long Seq { get; init; }

    public string Id { get; init; } = "";

    public long At { get; init; }

    public string Actor { get; init; } = "";

    public string? CredentialId { get; init; }

    public string Action { get; init; } = "";

    public string? TargetType { get; init; }

    public string? TargetId { get; init; }

    public string? Api { get; init; }

    public string Result { get; init; } = "";

    public string? Reason { get; init; }

    public string? Ip { get; init; }

    public string? IpPseudonym { get; init; }

    public string? Agent { get; init; }

    public string? RequestId { get; init; }

    public long Count { get; init; }

    public long? LastAt { get; init; }

    /// <inheritdoc cref="StoredChanges.Changes"/>
    public string? Changes { get; init; }

    /// <inheritdoc cref="StoredChanges.Personal"/>
    public string? Personal { get; init; }

    public string? OrganizationId { get; init; }

    public byte[] Prev { get; init; } = [];

    public byte[] Hash { get; private set; } = [];

    /// <summary>Creates the event that follows the newest one, with its hash.</summary>
    /// <param name="entry">The event.</param>
    /// <param name="last">The preceding event; <c>null</c> = this event is the first.</param>
    /// <param name="auditKey">The key of the chain.</param>
    internal static AuditRow Of(AuditEntry entry, ChainHead? last, byte[] auditKey)
    {
        var changes = StoredChanges.Of(entry.Changes, auditKey);
        var row = new AuditRow
        {
            Seq = (last?.Seq ?? 0) + 1,
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
            IpPseudonym = entry.Ip is null ? null : Pseudonym(entry.Ip, auditKey),
            Agent = entry.Agent,
            RequestId = entry.RequestId,
            Count = entry.Count,
            LastAt = entry.LastAt,
            Changes = changes.Changes,
            Personal = changes.Personal,
            OrganizationId = entry.OrganizationId,
            Prev = last?.Hash ?? ChainAnchor.Genesis.Hash,
        };
        row.Hash = row.ComputeHash(auditKey);
        return row;
    }

    /// <summary>Converts the row to the event that the API shows.</summary>
    public AuditEvent ToEvent() =>
        new()
        {
            Id = Id,
            Seq = Seq,
            At = DateTimeOffset.FromUnixTimeMilliseconds(At),
            Actor = Actor,
            CredentialId = CredentialId,
            Action = Action,
            Target = TargetType is null ? null : new AuditTarget(TargetType, TargetId),
            OrganizationId = OrganizationId,
            Api = Api,
            Result = Result,
            Reason = Reason,
            Changes = new StoredChanges(Changes, Personal).Read(),
            Ip = Ip,
            Agent = Agent,
            RequestId = RequestId,
            Count = Count,
            LastAt = LastAt is { } last ? DateTimeOffset.FromUnixTimeMilliseconds(last) : null,
            Prev = Convert.ToHexStringLower(Prev),
            Hash = Convert.ToHexStringLower(Hash),
        };

    /// <summary>
    /// HMAC(audit key, seq ‖ prev ‖ canonical JSON). seq is eight bytes big-endian. The JSON members have the order written here. Null members are
    /// included, except last_at, changes and organization_id, which older events do not have.
    /// </summary>
    public byte[] ComputeHash(byte[] auditKey)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(512);
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(buffer.GetSpan(8), Seq);
        buffer.Advance(8);
        Prev.CopyTo(buffer.GetSpan(Prev.Length));
        buffer.Advance(Prev.Length);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", Id);
            json.WriteNumber("at", At);
            json.WriteString("actor", Actor);
            json.WriteString("credential_id", CredentialId);
            json.WriteString("action", Action);
            json.WriteString("target_type", TargetType);
            json.WriteString("target_id", TargetId);
            json.WriteString("api", Api);
            json.WriteString("result", Result);
            json.WriteString("reason", Reason);
            json.WriteString("ip_pseudonym", IpPseudonym);
            json.WriteString("agent", Agent);
            json.WriteString("request_id", RequestId);
            json.WriteNumber("count", Count);
            if (LastAt is { } last)
            {
                json.WriteNumber("last_at", last);
            }

            if (Changes is { } changes)
            {
                json.WriteString("changes", changes);
            }

            if (OrganizationId is { } organization)
            {
                json.WriteString("organization_id", organization);
            }

            json.WriteEndObject();
        }

        return HMACSHA256.HashData(auditKey, buffer.WrittenSpan);
    }

    /// <summary>The pseudonym of an address. It is keyed, so that an attacker cannot find the address by trying all addresses.</summary>
    public static string Pseudonym(string ip, byte[] auditKey) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(auditKey, Encoding.ASCII.GetBytes("ip:" + ip)).AsSpan(0, 16));
}
