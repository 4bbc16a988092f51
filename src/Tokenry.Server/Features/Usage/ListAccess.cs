using System.Text;
using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Features.Usage;

/// <summary>Lists access-log entries, newest first.</summary>
public sealed class ListAccess(Gate gate)
{
    public static readonly string[] Filters =
    [
        "credential",
        "subject",
        "actor",
        "api",
        "object",
        "result",
        "door",
        "ip",
        "request",
        "token",
        "from",
        "to",
    ];

    private static readonly (string Filter, string Column)[] Exact =
    [
        ("credential", "credential_id"),
        ("subject", "subject"),
        ("actor", "actor"),
        ("api", "api"),
        ("object", "object"),
        ("result", "result"),
        ("door", "door"),
        ("ip", "ip"),
        ("request", "request_id"),
        ("token", "token_id"),
    ];

    public Task<Page<AccessEntry>> RunAsync(Caller caller, Listing listing)
    {
        return gate.ReadManyAsync(
            caller,
            UsageApi.OwnOr(ManagementApi.AuditRead, caller),
            "access_log.listed",
            async read =>
            {
                Check(listing);
                var parameters = new DynamicParameters();
                parameters.Add("limit", listing.Limit + 1);
                var where = new StringBuilder("1 = 1").Append(UsageApi.Within(caller, read.Reach, parameters));
                foreach (var (filter, column) in Exact)
                {
                    if (listing.Text(filter) is { } value)
                    {
                        where.Append($" AND {column} = @{filter}");
                        parameters.Add(filter, value);
                    }
                }

                if (listing.Text("result") is not (null or VerificationCode.Valid) and var result && result != Use.Issued.Name)
                {
                    where.Append(" AND result NOT IN ('valid', 'issued')"); // refusals have an index of their own
                }

                // Ids sort by time, so a time becomes an id bound: one index serves the order, the range and the cursor.
                Bound("from", ">=", listing.Time("from") is { } from ? AccessStore.IdAt(from) : null);
                Bound("to", "<", listing.Time("to") is { } to ? AccessStore.IdAt(to) : null);
                Bound("cursor", "<", listing.IdCursor("acc"));
                var rows = await read.Connection.QueryAsync<AccessRow>(
                    $"SELECT {AccessStore.Columns} FROM access_log WHERE {where} ORDER BY id DESC LIMIT @limit",
                    parameters
                );
                return listing.ToPage([.. rows], row => row.ToEntry(), row => row.Id);

                void Bound(string name, string comparison, string? id)
                {
                    if (id is not null)
                    {
                        where.Append($" AND id {comparison} @{name}");
                        parameters.Add(name, id);
                    }
                }
            }
        );
    }

    /// <summary>Refuses a filter value that can match nothing because it is malformed.</summary>
    private static void Check(Listing listing)
    {
        listing.Id("credential", CredentialFamily.IdPrefixes);
        listing.Id("subject", "usr", "app");
        listing.Id("actor", "usr", "app");
        listing.Id("request", "req");
        listing.OneOf("result", UseCodes.All);
        listing.OneOf("door", DoorNames.All);
        if (listing.Text("ip") is { } ip && !AddressText.TryParse(ip, out _))
        {
            throw ProblemException.Invalid("ip", "is not an IP address");
        }
    }
}
