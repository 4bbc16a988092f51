using System.Globalization;
using Tokenry.Benchmarks.Subjects;

namespace Tokenry.Benchmarks.Load;

/// <summary>
/// The load, from the other core than the servers': wrk with one thread, sending requests in turn or each for its one use; over TLS with certificates, which
/// wrk cannot present, connections of our own.
/// </summary>
public sealed class LoadCore : IDisposable
{
    /// <summary>Requests that are good once are made for so many times the best rate seen.</summary>
    private const double Spare = 1.5;

    /// <summary>Requests a second, before any were seen.</summary>
    private const double FirstGuess = 7_000;

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("tokenry-bench-");
    private readonly Dictionary<IReadOnlyList<PlannedRequest>, string> scripts = [];
    private readonly Dictionary<IReadOnlyList<PlannedRequest>, double> rates = [];

    /// <summary>Gets ready to send the requests of a path over that many connections for whole seconds.</summary>
    public async Task<IPreparedLoad> PrepareAsync(Subject subject, string path, int connections, int seconds)
    {
        var requests = subject.Requests[path];
        if (requests[0].Certificate is not null)
        {
            return await CertificateLoad.ConnectAsync(requests, connections, seconds);
        }

        if (requests[0].Anew is null)
        {
            var script = Script(requests);
            return subject.Placement.Load is [var core]
                ? new Wrk(core, subject.Address, script, connections, seconds)
                : new LoadOnCores([.. subject.Placement.Load.Select(core => new Wrk(core, subject.Address, script, connections, seconds))]);
        }

        var file = Path.Combine(directory.FullName, "one-time.requests");
        var count = (int)(rates.GetValueOrDefault(requests, FirstGuess) * Spare * seconds) + connections;
        await OneTimeScript.WriteRequestsAsync(file, requests, new Uri(subject.Address).Authority, count);
        return new Wrk(Cores.Load, subject.Address, Write("one-time", OneTimeScript.Of(file)), connections, seconds)
        {
            Seen = result => rates[requests] = Math.Max(rates.GetValueOrDefault(requests), result.PerSecond),
            Ended = () => File.Delete(file),
        };
    }

    public void Dispose()
    {
        if (directory.Exists)
        {
            directory.Delete(recursive: true);
        }
    }

    private string Script(IReadOnlyList<PlannedRequest> requests) =>
        scripts.TryGetValue(requests, out var known)
            ? known
            : scripts[requests] = Write(string.Create(CultureInfo.InvariantCulture, $"turns-{scripts.Count}"), TurnsScript.Of(requests));

    private string Write(string name, string lua)
    {
        var file = Path.Combine(directory.FullName, name + ".lua");
        File.WriteAllText(file, lua);
        return file;
    }
}
