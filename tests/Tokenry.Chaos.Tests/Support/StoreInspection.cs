using System.Data.Common;
using Dapper;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Chaos.Tests.Support;

/// <summary>
/// The store of a stopped server, looked at from outside: is the file whole, is the audit chain, and do audit, data and acknowledgements tell
/// the same story? SQLite is looked at in a copy, so that nothing here can mend what was found.
/// </summary>
internal sealed class StoreInspection
{
    private readonly List<string> _faults = [];
    private readonly Workload? _workload;

    private StoreInspection(Workload? workload) => _workload = workload;

    /// <summary>Audit events in the store.</summary>
    public long Events { get; private set; }

    public IReadOnlyList<string> Faults => _faults;

    static StoreInspection() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    /// <param name="server">Stopped.</param>
    /// <param name="workload">What was acknowledged, if that is to be compared.</param>
    public static async Task<StoreInspection> RunAsync(ServerProcess server, Workload? workload = null)
    {
        var inspection = new StoreInspection(workload);
        var copy = Directory.CreateTempSubdirectory("tokenry-inspection-");
        try
        {
            var keys = new KeyRing();
            var chain = new AuditChain(new AuditKey(() => keys.AuditKey));
            await using var database = Open(server, copy.FullName, chain);
            await keys.OpenAsync(database, Path.Combine(server.DataDirectory, "tokenry.keys"));
            var check = await chain.CheckAsync(database);
            inspection.Events = check.Events;
            if (check.Fault is { } broken)
                inspection._faults.Add($"audit chain: {broken}");
            await database.ReadAsync(async connection =>
            {
                await inspection.InspectAsync(connection, server.Engine);
                return true;
            });
            return inspection;
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    /// <summary>Aggregated refusals at an API, those of the running minute included: how many rows, standing for how many.</summary>
    /// <param name="server">Stopped.</param>
    /// <param name="api">The API resource's identifier.</param>
    public static async Task<(long Rows, long Sum)> DenialsAsync(ServerProcess server, string api)
    {
        var copy = Directory.CreateTempSubdirectory("tokenry-inspection-");
        try
        {
            await using var database = Open(server, copy.FullName, new AuditChain(new AuditKey(() => [])));
            return await database.ReadAsync(connection =>
                connection.QuerySingleAsync<(long, long)>(
                    """
                    SELECT count(*), CAST(coalesce(sum(n), 0) AS bigint) FROM (
                      SELECT count AS n FROM denials WHERE api = @api
                      UNION ALL SELECT count FROM audit_events WHERE api = @api AND action = 'door.denied') counted
                    """,
                    new { api }
                )
            );
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    private static Database Open(ServerProcess server, string copy, AuditChain chain)
    {
        if (server.Engine == Engine.Postgres)
            return new PostgresDatabase(server.ConnectionString!, chain, new ChangeHub(), TimeProvider.System, StoreMetrics.Unobserved);
        foreach (var file in Directory.EnumerateFiles(server.DataDirectory, "tokenry.db*"))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return new SqliteDatabase(Path.Combine(copy, "tokenry.db"), chain, new ChangeHub(), TimeProvider.System, StoreMetrics.Unobserved);
    }

    private async Task InspectAsync(DbConnection connection, Engine engine)
    {
        if (engine == Engine.Sqlite && await connection.QuerySingleAsync<string>("PRAGMA integrity_check") is var integrity and not "ok")
            _faults.Add($"integrity_check: {integrity}");
        var events = (
            await connection.QueryAsync<(string Action, string? Target)>(
                "SELECT action, target_id FROM audit_events WHERE result = 'success' AND target_id IS NOT NULL"
            )
        )
            .GroupBy(e => (Target: e.Target!, e.Action))
            .ToDictionary(group => group.Key, group => group.Count());
        await CompareDataAsync(connection, events);
        if (_workload is not null)
            CompareAcknowledgements(_workload, events);
    }

    /// <summary>Credential ⇔ audit ⇔ change record: all three committed, or none.</summary>
    private async Task CompareDataAsync(DbConnection connection, Dictionary<(string Target, string Action), int> events)
    {
        var rows = await connection.QueryAsync<(string Id, string Kind, string State, long Secrets, long Changes)>(
            """
            SELECT c.id, c.kind, c.state, (SELECT count(*) FROM credential_secrets s WHERE s.credential_id = c.id),
              (SELECT count(*) FROM changes h WHERE h.kind = 'credential' AND h.id = c.id)
            FROM credentials c
            """
        );
        var byTarget = events.ToLookup(e => e.Key.Target, e => e.Value, StringComparer.Ordinal);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (id, kind, state, secrets, changes) in rows)
        {
            ids.Add(id);
            var (created, rotated, revoked) = (Count("created"), Count("rotated"), Count("revoked"));
            Require(created == 1, $"{id} has {created} created events");
            Require(secrets == rotated + 1, $"{id} has {secrets} secrets and {rotated} rotated events");
            Require(state == "revoked" == (revoked == 1), $"{id} is {state} and has {revoked} revoked events");
            Require(changes == byTarget[id].Sum(), $"{id} has {changes} changes and {byTarget[id].Sum()} events");

            int Count(string what) => events.GetValueOrDefault((id, $"{kind}.{what}"));
        }
        foreach (var (id, action) in events.Keys)
            Require(id[..4] is not ("key_" or "pat_" or "sec_") || ids.Contains(id), $"{action} of {id}, which is not there");
    }

    private void CompareAcknowledgements(Workload workload, Dictionary<(string Target, string Action), int> events)
    {
        foreach (var told in workload.Acknowledgements.GroupBy(told => told).Select(group => (group.Key, Count: group.Count())))
        {
            var recorded = events.GetValueOrDefault(told.Key);
            // A key whose rotation got no answer is left alone: at most that one event is beyond what was acknowledged.
            var beyond = told.Key.Action == "api_key.rotated" ? 1 : 0;
            Require(
                recorded >= told.Count && recorded <= told.Count + beyond,
                $"{told.Key}: {told.Count} acknowledged, {recorded} in the audit"
            );
        }
        var all = events.Where(e => e.Key.Action.StartsWith("api_key.", StringComparison.Ordinal)).Sum(e => e.Value);
        var acknowledged = workload.Acknowledgements.Count;
        Require(
            all >= acknowledged && all <= acknowledged + workload.Unknown,
            $"{acknowledged} acknowledged and {workload.Unknown} unknown, but {all} in the audit"
        );
    }

    private void Require(bool holds, string otherwise)
    {
        if (!holds)
            _faults.Add(otherwise);
    }
}
