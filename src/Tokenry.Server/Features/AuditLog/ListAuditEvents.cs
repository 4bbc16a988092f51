using System.Globalization;
using System.Text;
using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.AuditLog;

/// <summary>Reads the audit trail, newest first.</summary>
public sealed class ListAuditEvents(Gate gate)
{
    public static readonly string[] Filters = ["actor", "action", "target", "organization", "result", "from", "to"];

    public Task<Page<AuditEvent>> RunAsync(Caller caller, Listing listing)
    {
        return gate.ReadManyAsync(
            caller,
            new Demand(ManagementApi.AuditRead) { OrganizationScope = ManagementApi.OrganizationAudit },
            "audit.listed",
            async read =>
            {
                var (where, parameters) = Filter(listing, read.Reach);
                var rows = await read.Connection.QueryAsync<AuditRow>(
                    $"SELECT {AuditRow.Columns} FROM audit_events WHERE {where} ORDER BY seq DESC LIMIT @limit",
                    parameters
                );
                return listing.ToPage([.. rows], row => row.ToEvent(), row => row.Seq.ToString(CultureInfo.InvariantCulture));
            },
            // Without this, a caller that polls for new events would always find its own reading.
            page => page.Items.Any(row => !IsRead(row))
        );
    }

    private static bool IsRead(AuditEvent row) => row.Result == AuditEntry.Success && row.Target?.Type == Denials.RouteTarget;

    private static (string Where, DynamicParameters Parameters) Filter(Listing listing, Reach reach)
    {
        var where = new StringBuilder("1 = 1");
        var parameters = new DynamicParameters();
        parameters.Add("limit", listing.Limit + 1);
        if (listing.Text("actor") is not (null or AuditEntry.System or AuditEntry.Anonymous))
        {
            listing.Id("actor", "usr", "app");
        }

        CheckAction(listing.Text("action"));
        listing.OneOf("result", AuditEntry.Success, AuditEntry.Denied, AuditEntry.Signal);
        Equal("actor", "actor");
        var kind = listing.Text("action") is [.. var word, '.', '*'] ? word : null; // a filter by kind: signal.*, api_key.*
        if (kind is null)
        {
            Equal("action", "action");
        }

        Equal("target_id", "target");
        Equal("result", "result");
        if ((reach.Organization ?? listing.Id("organization", "org")) is { } organization)
        {
            where.Append(" AND organization_id = @organization");
            parameters.Add("organization", organization);
        }

        if (listing.Time("from") is { } from)
        {
            where.Append(" AND at >= @from");
            parameters.Add("from", from.ToUnixTimeMilliseconds());
        }

        if (listing.Time("to") is { } to)
        {
            where.Append(" AND at < @to");
            parameters.Add("to", to.ToUnixTimeMilliseconds());
        }

        if (listing.Cursor is { } cursor)
        {
            if (!long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var seq))
            {
                throw ProblemException.Invalid("cursor", "is not a cursor of this list");
            }

            where.Append(" AND seq < @seq");
            parameters.Add("seq", seq);
        }

        return (kind is null ? where.ToString() : Newest(where.ToString(), AuditActions.OfKind(kind), parameters), parameters);

        void Equal(string column, string filter)
        {
            if (listing.Text(filter) is { } value)
            {
                where.Append(CultureInfo.InvariantCulture, $" AND {column} = @{filter}");
                parameters.Add(filter, value);
            }
        }
    }

    /// <summary>The newest events of each of these actions: each by the index, however rare it is among the others.</summary>
    private static string Newest(string where, IReadOnlyList<string> actions, DynamicParameters parameters)
    {
        var each = actions.Select(
            (action, i) =>
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"action{i}");
                parameters.Add(name, action);
                return $"SELECT seq FROM (SELECT seq FROM audit_events WHERE {where} AND action = @{name} ORDER BY seq DESC LIMIT @limit) AS {name}";
            }
        );
        return $"seq IN ({string.Join(" UNION ALL ", each)})";
    }

    private static void CheckAction(string? action)
    {
        var isKnown = action switch
        {
            null => true,
            [.. var kind, '.', '*'] => AuditActions.HasKind(kind),
            _ => AuditActions.IsKnown(action),
        };
        if (!isKnown)
        {
            throw ProblemException.Invalid("action", $"is not an action of the audit; {AuditActions.Near(action!)}");
        }
    }
}
