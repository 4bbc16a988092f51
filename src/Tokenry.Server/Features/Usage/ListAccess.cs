using System.Text;
using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
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

                // Ids sort by time, so a time becomes an id bound: one index serves the order, the range and the cursor.
                Bound("from", ">=", listing.Time("from") is { } from ? IdAt(from) : null);
                Bound("to", "<", listing.Time("to") is { } to ? IdAt(to) : null);
                Bound("cursor", "<", listing.IdCursor("acc"));
                var rows = await read.Connection.QueryAsync<AccessRow>(
                    $"SELECT {AccessStore.Columns} FROM access_log WHERE {where} ORDER BY id DESC LIMIT @limit",
                    parameters
                );
                return listing.ToPage([.. rows], ToEntry, row => row.Id);

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

    /// <summary>An id lower than every id created at or after <paramref name="at"/>.</summary>
    internal static string IdAt(DateTimeOffset at) =>
        PublicId.Create("acc", new UInt128((ulong)Math.Max(0, at.ToUnixTimeMilliseconds()) << 16, 0));

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

    internal static AccessEntry ToEntry(AccessRow row) =>
        new()
        {
            Id = row.Id,
            At = DateTimeOffset.FromUnixTimeMilliseconds(row.At),
            Door = row.Door,
            CredentialId = row.CredentialId,
            Kind = row.Kind,
            // An anonymous key has no subject, although its owner may see its uses.
            Subject = row.Kind == CredentialKind.AnonymousApiKey ? null : row.Subject,
            Api = row.Api,
            Scope = row.Scope,
            Object = row.Object,
            Method = row.Method,
            Path = row.Path,
            Result = row.Result,
            Ip = row.Ip,
            Agent = row.Agent,
            RequestId = row.RequestId,
            TokenId = row.TokenId,
            Actor = row.Actor,
            GrantType = row.GrantType,
            AuthMethod = row.AuthMethod,
            BoundBy = row.BoundBy,
        };
}
