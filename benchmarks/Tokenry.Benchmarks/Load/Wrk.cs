using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Tokenry.Benchmarks.Subjects;

namespace Tokenry.Benchmarks.Load;

/// <summary>What one run of the load saw.</summary>
/// <param name="Requests">Answered.</param>
/// <param name="Seconds">It took.</param>
/// <param name="Errors">Answers that were not 2xx, and connections that broke.</param>
/// <param name="P50">Median of the answer times, in milliseconds.</param>
/// <param name="P99">99th percentile of them, in milliseconds.</param>
public sealed record LoadResult(long Requests, double Seconds, long Errors, double P50, double P99)
{
    public double PerSecond => Requests / Seconds;
}

/// <summary>The load: wrk with one thread on its own core, so that the servers have the other for themselves.</summary>
public sealed class Wrk : IDisposable
{
    private const string Agent = "tokenry-bench/1.0";
    private readonly DirectoryInfo scripts = Directory.CreateTempSubdirectory("tokenry-bench-");
    private readonly Dictionary<IReadOnlyList<PlannedRequest>, string> written = [];

    /// <summary>Sends the requests in turn over that many connections for whole seconds.</summary>
    public async Task<LoadResult> RunAsync(string address, IReadOnlyList<PlannedRequest> requests, int connections, int seconds)
    {
        var start = new ProcessStartInfo(
            "taskset",
            [
                "-c",
                Cores.Load,
                "wrk",
                "-t1",
                string.Create(CultureInfo.InvariantCulture, $"-c{connections}"),
                string.Create(CultureInfo.InvariantCulture, $"-d{seconds}s"),
                "-s",
                Script(requests),
                address,
            ]
        )
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var wrk = Process.Start(start)!;
        var output = await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        var line = output.Split('\n').LastOrDefault(line => line.StartsWith('{')) ?? throw new InvalidOperationException($"wrk: {output}");
        return JsonSerializer.Deserialize<LoadResult>(line, JsonSerializerOptions.Web)!;
    }

    public void Dispose()
    {
        if (Directory.Exists(scripts.FullName))
        {
            scripts.Delete(recursive: true);
        }
    }

    private string Script(IReadOnlyList<PlannedRequest> requests)
    {
        if (written.TryGetValue(requests, out var known))
        {
            return known;
        }

        var lua = new StringBuilder("local planned = {}\nlocal turn = 0\ninit = function(args)\n");
        foreach (var request in requests)
        {
            // Real clients name themselves, and it costs: everybody gets it.
            var all = request.Headers.Append(KeyValuePair.Create("User-Agent", Agent));
            var headers = string.Join(", ", all.Select(header => $"[{Quote(header.Key)}] = {Quote(header.Value)}"));
            lua.Append(
                CultureInfo.InvariantCulture,
                $"  planned[#planned + 1] = wrk.format({Quote(request.Method)}, {Quote(request.Path)}, {{{headers}}}, {Quote(request.Body)})\n"
            );
        }

        lua.Append(
            """
            end
            request = function()
              turn = turn % #planned + 1
              return planned[turn]
            end
            done = function(summary, latency)
              local e = summary.errors
              io.write(string.format('{"requests":%d,"seconds":%.6f,"errors":%d,"p50":%.3f,"p99":%.3f}\n', summary.requests,
                summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout,
                latency:percentile(50) / 1000, latency:percentile(99) / 1000))
            end

            """
        );
        var file = Path.Combine(scripts.FullName, string.Create(CultureInfo.InvariantCulture, $"{written.Count}.lua"));
        File.WriteAllText(file, lua.ToString());
        return written[requests] = file;
    }

    /// <summary>A Lua literal; escapes by number, so that nothing in a request can end the string.</summary>
    private static string Quote(string? text) =>
        text is null
            ? "nil"
            : "\""
                + string.Concat(
                    Encoding
                        .UTF8.GetBytes(text)
                        .Select(octet =>
                            octet is >= 0x20 and < 0x7f and not (byte)'"' and not (byte)'\\'
                                ? ((char)octet).ToString()
                                : string.Create(CultureInfo.InvariantCulture, $"\\{octet:000}")
                        )
                )
                + "\"";
}
