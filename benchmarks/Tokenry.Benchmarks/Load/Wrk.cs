using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Tokenry.Benchmarks.Subjects;

namespace Tokenry.Benchmarks.Load;

/// <summary>wrk with one thread on a core; a script says what it sends.</summary>
internal sealed class Wrk(string core, string address, string script, int connections, int seconds) : IPreparedLoad
{
    /// <summary>Real clients name themselves, and it costs: everybody gets it.</summary>
    public const string Agent = "tokenry-bench/1.0";

    /// <summary>The end of every script: the result as JSON. <c>missed</c> is counted by scripts whose requests can run out.</summary>
    public const string Done = """
        setup = function(thread)
          sender = thread
        end
        done = function(summary, latency)
          local e = summary.errors
          io.write(string.format('{"requests":%d,"seconds":%.6f,"errors":%d,"p50":%.3f,"p99":%.3f}\n', summary.requests,
            summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout + (sender:get('missed') or 0),
            latency:percentile(50) / 1000, latency:percentile(99) / 1000))
        end

        """;

    /// <summary>Told of the result.</summary>
    public Action<LoadResult> Seen { private get; init; } = _ => { };

    /// <summary>What clears up after it.</summary>
    public Action Ended { private get; init; } = () => { };

    public async Task<LoadResult> RunAsync()
    {
        string[] command =
        [
            "wrk",
            "-t1",
            string.Create(CultureInfo.InvariantCulture, $"-c{connections}"),
            string.Create(CultureInfo.InvariantCulture, $"-d{seconds}s"),
            // A slow peer on a busy machine is slow, not wrong.
            "--timeout",
            "20s",
            "-s",
            script,
            address,
        ];
        using var wrk = Process.Start(Cores.On(core, command))!;
        var output = await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        var line = output.Split('\n').LastOrDefault(line => line.StartsWith('{')) ?? throw new InvalidOperationException($"wrk: {output}");
        var result = JsonSerializer.Deserialize<LoadResult>(line, JsonSerializerOptions.Web)!;
        Seen(result);
        return result;
    }

    public ValueTask DisposeAsync()
    {
        Ended();
        return ValueTask.CompletedTask;
    }
}
