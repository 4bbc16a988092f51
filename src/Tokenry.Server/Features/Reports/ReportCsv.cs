using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Features.Reports.Reviews;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Reports;

/// <summary>
/// The credentials of a report as CSV (RFC 4180), one a row. A cell that a spreadsheet would take for a formula begins with an apostrophe: names of
/// credentials come from many people.
/// </summary>
public sealed class ReportCsv(ReportCredentials report)
{
    public const string MediaType = "text/csv";

    /// <summary>The most rows of one answer.</summary>
    public const int MostRows = 10_000;

    internal const string AtOnce = "200";

    private static readonly (string Name, Func<ReportedCredential, string?> Value)[] Columns =
    [
        ("owner_type", row => row.Credential.Owner.Type),
        ("owner_id", row => row.Credential.Owner.Id),
        ("owner_name", row => row.OwnerName),
        ("organization_id", row => row.Credential.OrganizationId),
        ("id", row => row.Credential.Id),
        ("kind", row => row.Credential.Kind),
        ("name", row => row.Credential.Name),
        ("state", row => row.Credential.State),
        ("findings", row => string.Join(' ', row.Findings)),
        ("permissions", row => ReviewWords.Of(row.Credential)),
        ("objects", row => Words(row.Credential.Objects)),
        ("allowed_ips", row => Words(row.Credential.AllowedIps)),
        ("created_at", row => Time(row.Credential.CreatedAt)),
        ("created_by", row => row.Credential.CreatedBy),
        ("expires_at", row => Time(row.Credential.ExpiresAt)),
        ("due_at", row => Time(row.Credential.DueAt)),
        ("last_used_at", row => Time(row.Credential.LastUsed?.At)),
        ("last_used_ip", row => row.Credential.LastUsed?.Ip),
        ("revoked_at", row => Time(row.Credential.RevokedAt)),
        ("revoked_reason", row => row.Credential.RevokedReason),
    ];

    internal static readonly CsvConfiguration Format = new(CultureInfo.InvariantCulture)
    {
        NewLine = "\r\n",
        InjectionOptions = InjectionOptions.Escape,
        InjectionCharacters = ['=', '@', '+', '-', '\t', '\r', '\n'],
    };

    /// <param name="caller">The caller.</param>
    /// <param name="listing">The time, the organization, and the cursor of the first row.</param>
    /// <returns>The rows with a header, UTF-8; and the cursor of the row after the last, if there are more than <see cref="MostRows"/>.</returns>
    public async Task<(byte[] Content, string? Next)> WriteAsync(Caller caller, Listing listing)
    {
        using var content = new MemoryStream();
        var cursor = listing.Cursor;
        await using (var csv = new CsvWriter(new StreamWriter(content, new UTF8Encoding(false)), Format))
        {
            foreach (var (name, _) in Columns)
            {
                csv.WriteField(name);
            }

            await csv.NextRecordAsync();
            var filters = listing.Filters(ReportCredentials.Filters).Select(filter => (filter.Key, filter.Value)).ToArray();
            for (var rows = 0; rows < MostRows; )
            {
                var page = await report.RunAsync(
                    caller,
                    Listing.Of([.. filters, ("limit", AtOnce), .. cursor is null ? [] : new[] { ("cursor", cursor) }])
                );
                foreach (var row in page.Items)
                {
                    foreach (var (_, value) in Columns)
                    {
                        csv.WriteField(value(row));
                    }

                    await csv.NextRecordAsync();
                }

                rows += page.Items.Count;
                cursor = page.NextCursor;
                if (cursor is null)
                {
                    break;
                }
            }
        }

        return (content.ToArray(), cursor);
    }

    internal static string? Time(DateTimeOffset? time) => time is { } at ? TimestampConverter.Format(at) : null;

    private static string? Words(IReadOnlyList<string>? words) => words is null ? null : string.Join(' ', words);
}
