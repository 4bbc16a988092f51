using System.Text;
using CsvHelper;
using Microsoft.AspNetCore.Http.HttpResults;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Reports.Reviews;

/// <summary>An access review as CSV (RFC 4180), one line a row: what was held, who decided what and when.</summary>
public sealed class ReviewCsv(ReadReviews read)
{
    private static readonly (string Name, Func<AccessReviewLine, string?> Value)[] Columns =
    [
        ("owner_type", line => line.Owner.Type),
        ("owner_id", line => line.Owner.Id),
        ("owner_name", line => line.OwnerName),
        ("organization_id", line => line.OrganizationId),
        ("kind", line => line.Kind),
        ("target_id", line => line.TargetId),
        ("name", line => line.Name),
        ("permissions", line => line.Permissions),
        ("expires_at", line => ReportCsv.Time(line.ExpiresAt)),
        ("last_used_at", line => ReportCsv.Time(line.LastUsedAt)),
        ("since", line => line.Since),
        ("decision", line => line.Decision),
        ("decided_by", line => line.DecidedBy),
        ("decided_by_name", line => line.DecidedByName),
        ("decided_at", line => ReportCsv.Time(line.DecidedAt)),
        ("comment", line => line.Comment),
    ];

    internal async Task<FileContentHttpResult> FileAsync(HttpContext http, Caller caller, string id)
    {
        using var content = new MemoryStream();
        await using (var csv = new CsvWriter(new StreamWriter(content, new UTF8Encoding(false)), ReportCsv.Format))
        {
            foreach (var (name, _) in Columns)
            {
                csv.WriteField(name);
            }

            await csv.NextRecordAsync();
            for (string? cursor = ""; cursor is not null; )
            {
                var page = await read.ShowAsync(
                    caller,
                    id,
                    Listing.Of([("limit", ReportCsv.AtOnce), .. cursor.Length == 0 ? [] : new[] { ("cursor", cursor) }])
                );
                foreach (var line in page.Items)
                {
                    foreach (var (_, value) in Columns)
                    {
                        csv.WriteField(value(line));
                    }

                    await csv.NextRecordAsync();
                }

                cursor = page.NextCursor;
            }
        }

        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.File(content.ToArray(), ReportCsv.MediaType + "; charset=utf-8", "access-review.csv");
    }
}
