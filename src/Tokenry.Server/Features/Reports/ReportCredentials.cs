using System.Data.Common;
using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Reports;

/// <summary>Reports on the credentials of the server or of one organization.</summary>
public sealed class ReportCredentials(Gate gate, OwnerNames names, TimeProvider time)
{
    public static readonly string[] Filters = ["from", "to", "organization"];

    /// <summary>The scope of a report that covers everything.</summary>
    public const string Server = "server";

    /// <summary>Where a count stops.</summary>
    private const int MostCounted = 10_000;

    private static readonly Demand Demand = new(ManagementApi.CredentialsRead)
    {
        OrganizationScope = ManagementApi.OrganizationCredentials,
    };

    /// <param name="caller">The caller.</param>
    /// <param name="listing"><c>from</c> (default: 30 days before <c>to</c>), <c>to</c> (default: now), <c>organization</c>, limit and cursor.</param>
    public async Task<CredentialReport> RunAsync(Caller caller, Listing listing)
    {
        var now = time.GetUtcNow();
        var (from, to) = ReportTime.Checked(listing.Time("from"), listing.Time("to"), now);
        var asked = listing.Id("organization", "org");
        var after = After(listing);
        var range = new ReportTime(from.ToUnixTimeMilliseconds(), to.ToUnixTimeMilliseconds(), now.ToUnixTimeMilliseconds());
        var report = await gate.ReadManyAsync(
            caller,
            Demand,
            "report.read",
            async read =>
            {
                var organization = read.Reach.Organization ?? asked;
                if (asked is not null)
                {
                    await OrganizationStore.FindAsync(read.Connection, asked, read.Reach);
                }

                var parameters = Parameters(range, organization);
                parameters.Add("limit", listing.Limit + 1);
                var within = organization is null ? "" : $" AND c.id IN ({CredentialStore.OfOrganization("@organization")})";
                return new CredentialReport
                {
                    From = from,
                    To = to,
                    MadeAt = now,
                    Covers = organization ?? Server,
                    Summary = after is null ? await SummaryAsync(read, within, parameters, organization) : null,
                    Items = await ItemsAsync(read, After(within, parameters, after), parameters, range),
                    NextCursor = null,
                };
            }
        );
        var shown = report.Items.Take(listing.Limit).ToList();
        var owners = await names.OfAsync(caller, shown.Select(item => item.Credential.Owner.Id));
        return report with
        {
            Items = [.. shown.Select(item => item with { OwnerName = owners.GetValueOrDefault(item.Credential.Owner.Id) })],
            NextCursor = report.Items.Count > listing.Limit ? Cursor(shown[^1].Credential) : null,
        };
    }

    private static DynamicParameters Parameters(ReportTime range, string? organization)
    {
        var parameters = new DynamicParameters();
        parameters.Add("from", range.From);
        parameters.Add("to", range.To);
        parameters.Add("now", range.Now);
        parameters.Add("soon", range.Soon);
        parameters.Add("most", MostCounted + 1L);
        if (organization is not null)
        {
            parameters.Add("organization", organization);
        }

        return parameters;
    }

    private static async Task<IReadOnlyList<ReportedCredential>> ItemsAsync(
        ReadContext read,
        string within,
        DynamicParameters parameters,
        ReportTime range
    )
    {
        var rows = await read.Connection.QueryAsync<CredentialRow>(
            $"{CredentialRow.Select} WHERE {ReportFinding.Reported}{within} ORDER BY c.owner_id, c.id LIMIT @limit",
            parameters
        );
        return
        [
            .. rows.Select(row => new ReportedCredential
            {
                Credential = row.ToCredential(read.Catalog, range.Now),
                Findings = [.. ReportFinding.All.Where(finding => finding.Is(row, range)).Select(finding => finding.Name)],
            }),
        ];
    }

    private static async Task<ReportSummary> SummaryAsync(
        ReadContext read,
        string within,
        DynamicParameters parameters,
        string? organization
    )
    {
        var figures = ReportFinding.All.Select(finding => (finding.Name, finding.Sql)).Prepend(("all", "1 = 1"));
        var counts = new Dictionary<string, BoundedCount>(StringComparer.Ordinal);
        foreach (var (name, sql) in figures)
        {
            var used = sql.Contains("u.", StringComparison.Ordinal) ? " LEFT JOIN credential_usage u ON u.credential_id = c.id" : "";
            var count = await read.Connection.ExecuteScalarAsync<long>(
                $"SELECT count(*) FROM (SELECT 1 FROM credentials c{used} WHERE {ReportFinding.Reported} AND {sql}{within} LIMIT @most) AS counted",
                parameters
            );
            counts[name] = new(Math.Min(count, MostCounted), count > MostCounted);
        }

        var mayReadUsage =
            read.Caller.Management.Contains(ManagementApi.UsageRead) || read.Caller.Management.Contains(ManagementApi.OrganizationAudit);
        return new() { Counts = counts, Refusals = mayReadUsage ? await RefusalsAsync(read.Connection, parameters, organization) : null };
    }

    private static async Task<IReadOnlyList<RefusalCount>> RefusalsAsync(
        DbConnection connection,
        DynamicParameters parameters,
        string? organization
    )
    {
        var index = organization is null ? null : Dialect.Of(connection).By("usage_counters_credential_id");
        var within = organization is null ? "" : $" AND credential_id IN ({CredentialStore.OfOrganization("@organization")})";
        var rows = await connection.QueryAsync<(string Code, long Uses)>(
            $"SELECT code, CAST(sum(uses) AS bigint) AS uses FROM usage_counters{index} WHERE span = 'hour' AND at >= @from AND at < @to AND scope = '' "
                + $"AND code NOT IN ('valid', 'issued'){within} GROUP BY code ORDER BY 2 DESC, 1",
            parameters
        );
        return [.. rows.Select(row => new RefusalCount(row.Code, row.Uses))];
    }

    /// <summary>Adds to a condition that only what follows that place counts.</summary>
    private static string After(string within, DynamicParameters parameters, (string Owner, string Id)? after)
    {
        if (after is not { } place)
        {
            return within;
        }

        parameters.Add("afterOwner", place.Owner);
        parameters.Add("afterId", place.Id);
        return within + " AND (c.owner_id, c.id) > (@afterOwner, @afterId)";
    }

    private static string Cursor(Credential last) => $"{last.Owner.Id}.{last.Id}";

    /// <summary>The place in the order of the report where the page before ended; <c>null</c> on the first page.</summary>
    private static (string Owner, string Id)? After(Listing listing)
    {
        if (listing.Cursor is not { } cursor)
        {
            return null;
        }

        return
            cursor.Split('.') is [var owner, var id]
            && (PublicId.IsWellFormed(owner, "usr") || PublicId.IsWellFormed(owner, "app"))
            && CredentialFamily.IdPrefixes.Any(prefix => PublicId.IsWellFormed(id, prefix))
            ? (owner, id)
            : throw ProblemException.Invalid("cursor", "is not a cursor of this list: send the next_cursor of the page before");
    }
}
