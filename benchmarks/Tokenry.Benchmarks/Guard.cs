using System.Globalization;
using System.Text.Json;
using Tokenry.Benchmarks.Limits;
using Tokenry.Benchmarks.Reports;
using Tokenry.Testing;

namespace Tokenry.Benchmarks;

/// <summary>What a path cost when the baseline was taken.</summary>
/// <param name="Echoes">Processor time of a request, in requests that the bare web server answers meanwhile.</param>
/// <param name="Allocated">Bytes a request.</param>
public sealed record Baseline(double Echoes, double Allocated);

/// <summary>
/// Against gross regressions: processor time of the hot paths beside the bare web server's in the same run, and bytes allocated, held against
/// <c>benchmarks/baseline.json</c> with wide bounds. Never absolute time.
/// </summary>
internal static class Guard
{
    private const double MostEchoes = 2;
    private const double MostAllocated = 1.4;
    private static readonly JsonSerializerOptions Format = new(JsonSerializerOptions.Web) { WriteIndented = true };

    public static async Task<int> RunAsync(bool update, TextWriter console)
    {
        var file = Path.Combine(Repository.Root, "benchmarks", "baseline.json");
        var known = File.Exists(file)
            ? JsonSerializer.Deserialize<Dictionary<string, Baseline>>(await File.ReadAllTextAsync(file), Format)!
            : [];
        string[] names = ["client_credentials_es256", "private_key_jwt", "dpop", "verify", "introspect", "forward_auth"];
        await using var suite = new Suite(
            new BenchOptions
            {
                Names = names,
                Short = true,
                Peers = false,
                Postgres = false,
            },
            TextWriter.Null
        );
        var rows = await suite.MeasureAsync(await CryptoLimits.MeasureAsync());
        var measured = rows.ToDictionary(row => row.Comparison.Path, Cost);
        if (update)
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(measured, Format) + "\n");
            await console.WriteLineAsync($"Written: {file}");
            return 0;
        }

        var failed = 0;
        foreach (var (path, now) in measured)
        {
            if (known.GetValueOrDefault(path) is not { } before)
            {
                failed++;
                await console.WriteLineAsync($"NEW   {path}: no baseline to hold it against (./bench guard --update)");
                continue;
            }

            var isWorse = now.Echoes > before.Echoes * MostEchoes || now.Allocated > before.Allocated * MostAllocated;
            failed += isWorse ? 1 : 0;
            await console.WriteLineAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(isWorse ? "WORSE" : "ok   ")} {path}: {now.Echoes:F2} echoes of processor time (baseline {before.Echoes:F2}, at most ×{MostEchoes}), {now.Allocated:F0} B (baseline {before.Allocated:F0}, at most ×{MostAllocated})"
                )
            );
        }

        return failed == 0 ? 0 : 1;
    }

    private static Baseline Cost(Row row) =>
        new(Math.Round(row.Echo.RatioTo(row.Ours[0]), 2), Math.Round(row.Ours[0].AllocatedPerRequest!.Value));
}
