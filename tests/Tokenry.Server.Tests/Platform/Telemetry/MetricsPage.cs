namespace Tokenry.Server.Tests.Platform.Telemetry;

/// <summary>The list of <c>docs/metrics.md</c>.</summary>
internal static class MetricsPage
{
    /// <param name="Name">The metric.</param>
    /// <param name="Type">Its type.</param>
    /// <param name="Labels">Separated by a comma.</param>
    /// <param name="On">The engine that has it; null = both.</param>
    public sealed record Row(string Name, string Type, string Labels, Engine? On);

    public static IReadOnlyList<Row> Read() =>
        [
            .. File.ReadLines(Path.Combine(Repository.Root, "docs", "metrics.md"))
                .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
                .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
                .Select(cells => new Row(
                    cells[1].Trim('`'),
                    cells[2],
                    cells[3].Replace("`", "", StringComparison.Ordinal),
                    cells[4] switch
                    {
                        "" => null,
                        "SQLite" => Engine.Sqlite,
                        _ => Engine.Postgres,
                    }
                )),
        ];
}
