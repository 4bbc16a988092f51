using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>Shows every use and every event of one credential since a date, for the assessment of a leak.</summary>
public sealed class ShowCredentialUses(Gate gate, TimeProvider time)
{
    private const int MostEntries = 200;
    private const int MostHours = 10_000;

    private static readonly TimeSpan DefaultPast = TimeSpan.FromDays(30);

    public async Task<CredentialUses> RunAsync(Caller caller, string id, Listing listing)
    {
        var now = time.GetUtcNow();
        var since = listing.Time("since") ?? now - DefaultPast;
        var family = CredentialFamily.OfId(id);
        return await gate.ReadAsync(
            caller,
            family.Read,
            "credential.uses_read",
            async read =>
            {
                var (connection, _, reach, catalog) = read;
                var row = await new CredentialAddress(family, id).FindAsync(connection, reach);
                var from = since.ToUnixTimeMilliseconds();
                var parameters = new
                {
                    id,
                    from,
                    hour = from / 3_600_000 * 3_600_000,
                    first = AccessStore.IdAt(since),
                    MostEntries,
                    MostHours,
                };
                var usage = await connection.QueryAsync<(long At, string Api, string Code, long Uses)>(
                    "SELECT at, api, code, uses FROM usage_counters WHERE credential_id = @id AND span = 'hour' AND scope = '' AND at >= @hour "
                        + "ORDER BY at, api, code LIMIT @MostHours",
                    parameters
                );
                var networks = await connection.QueryAsync<(string Network, long FirstSeenAt)>(
                    "SELECT network, first_seen_at FROM credential_networks WHERE credential_id = @id ORDER BY first_seen_at DESC, network",
                    parameters
                );
                var entries = await connection.QueryAsync<AccessRow>(
                    $"SELECT {AccessStore.Columns} FROM access_log WHERE credential_id = @id AND id >= @first ORDER BY id DESC LIMIT @MostEntries",
                    parameters
                );
                // Two queries, because each uses its own index.
                var deeds = await connection.QueryAsync<AuditRow>(
                    $"""
                    SELECT * FROM (SELECT {AuditRow.Columns} FROM audit_events WHERE credential_id = @id AND at >= @from ORDER BY seq DESC LIMIT @MostEntries) done
                    UNION
                    SELECT * FROM (SELECT {AuditRow.Columns} FROM audit_events WHERE target_id = @id AND at >= @from ORDER BY seq DESC LIMIT @MostEntries) suffered
                    ORDER BY seq DESC LIMIT @MostEntries
                    """,
                    parameters
                );
                var seesAll = caller.Management.Contains(ManagementApi.AuditRead);
                return new CredentialUses
                {
                    Credential = row.ToCredential(catalog, now.ToUnixTimeMilliseconds()),
                    Since = since,
                    Usage =
                    [
                        .. usage.Select(hour => new UsageCount
                        {
                            At = Time(hour.At),
                            Api = hour.Api,
                            Code = hour.Code,
                            Count = hour.Uses,
                        }),
                    ],
                    Networks = [.. networks.Select(network => new CredentialNetwork(network.Network, Time(network.FirstSeenAt)))],
                    Entries = [.. entries.Select(row => row.ToEntry())],
                    Deeds = [.. deeds.Select(deed => ToEvent(deed, seesAll || deed.CredentialId == id))],
                };
            }
        );
    }

    /// <summary>Only a caller who may read the audit log sees the actor and the address.</summary>
    private static CredentialEvent ToEvent(AuditRow row, bool seesAll) =>
        new(Time(row.At), seesAll ? row.Actor : null, row.Action, row.TargetType, row.TargetId, row.Result, seesAll ? row.Ip : null);

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
