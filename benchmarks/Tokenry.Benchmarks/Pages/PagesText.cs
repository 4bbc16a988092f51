using System.Globalization;
using System.Text;
using Tokenry.Server.Composition.Demo;

namespace Tokenry.Benchmarks.Pages;

/// <summary>The table of <c>./bench pages</c>.</summary>
internal static class PagesText
{
    public static string Of(DemoSize size, IReadOnlyList<PageRow> rows, IReadOnlyList<AssetRow> assets)
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"\n{size.Users:N0} users, {size.Applications:N0} applications, {size.Credentials:N0} credentials, {size.Rows:N0} audit and access rows, {size.UsageCounters:N0} usage counters\n"
        );
        text.Append(
            CultureInfo.InvariantCulture,
            $"Limits: p95 {PageRow.MostMilliseconds} ms, HTML {PageRow.MostBytes / 1024} KB, {PageRow.MostAssets} requests for assets at the first load\n\n"
        );
        text.AppendLine("| page | p50 ms | p95 ms | HTML KB | compressed | assets | misses |");
        text.AppendLine("|---|--:|--:|--:|--:|--:|---|");
        foreach (var row in rows.OrderByDescending(row => row.P95))
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| `/{row.Path}` | {row.P50:F1} | {row.P95:F1} | {row.Bytes / 1024.0:F1} | {row.Compressed / 1024.0:F1} | {row.Assets.Count} | {string.Join(", ", row.Misses)} |\n"
            );
        }

        text.AppendLine();
        foreach (var asset in assets)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"/{asset.Path}: {asset.Compressed / 1024.0:F1} KB compressed, {(asset.IsKept ? "kept for ever" : "NOT KEPT")}\n"
            );
        }

        var together = assets.Where(IsCode).Sum(asset => asset.Compressed);
        text.Append(
            CultureInfo.InvariantCulture,
            $"Styles and scripts together: {together / 1024.0:F1} KB of {AssetRow.MostBytes / 1024}\n{rows.Count(row => row.Misses.Any())} of {rows.Count} pages miss a limit\n"
        );
        return text.ToString();
    }

    public static bool IsGood(IReadOnlyList<PageRow> rows, IReadOnlyList<AssetRow> assets) =>
        !rows.Any(row => row.Misses.Any())
        && assets.All(asset => asset.IsKept)
        && assets.Where(IsCode).Sum(asset => asset.Compressed) <= AssetRow.MostBytes;

    private static bool IsCode(AssetRow asset) =>
        asset.Path.EndsWith(".css", StringComparison.Ordinal) || asset.Path.EndsWith(".js", StringComparison.Ordinal);
}
