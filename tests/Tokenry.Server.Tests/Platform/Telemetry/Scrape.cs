using System.Diagnostics;
using System.Globalization;

namespace Tokenry.Server.Tests.Platform.Telemetry;

/// <summary>What <c>/metrics</c> said: the samples by their whole text (<c>name{label="value"}</c>), the types by name.</summary>
internal sealed class Scrape
{
    private readonly Dictionary<string, double> _samples = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _types = new(StringComparer.Ordinal);

    private Scrape(string text)
    {
        Text = text;
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
                _types.Add(line.Split(' ')[2], line.Split(' ')[3]);
            else if (line[0] != '#')
                _samples.Add(
                    line[..line.LastIndexOf(' ')],
                    double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)
                );
        }
    }

    public string Text { get; }

    public IReadOnlyDictionary<string, string> Types => _types;

    /// <summary>Zero where there is none yet.</summary>
    public double this[string sample] => _samples.GetValueOrDefault(sample);

    public bool Has(string sample) => _samples.ContainsKey(sample);

    public bool HasSamplesOf(string metric) =>
        _samples.Keys.Any(sample => sample.Split('{')[0] is var name && (name == metric || name == metric + "_bucket"));

    public static async Task<Scrape> OfAsync(ServerProcess server)
    {
        await Task.Delay(260); // an answer serves for 250 ms
        var response = await server.Client().GetAsync("/metrics").Expect(200);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Header("Content-Type"));
        Assert.Equal("no-store", response.Header("Cache-Control"));
        return new Scrape(response.Body);
    }

    /// <summary>Until it holds: what a request counts is counted when its answer is on its way already.</summary>
    public static async Task<Scrape> UntilAsync(ServerProcess server, Func<Scrape, bool> holds)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var scrape = await OfAsync(server);
            if (holds(scrape))
                return scrape;
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(20), scrape.Text);
        }
    }

    /// <summary>Prometheus' own judgement of the format and the names; nothing, if it is content.</summary>
    public async Task<string> LintAsync()
    {
        var installed = Path.Combine(Repository.Root, "tests", "interop", "bin", "promtool"); // ./test fetches it
        using var promtool = Process.Start(
            new ProcessStartInfo(installed, ["check", "metrics"])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        await promtool.StandardInput.WriteAsync(Text);
        promtool.StandardInput.Close();
        var words = await Task.WhenAll(promtool.StandardOutput.ReadToEndAsync(), promtool.StandardError.ReadToEndAsync());
        await promtool.WaitForExitAsync();
        return promtool.ExitCode == 0 ? string.Concat(words) : $"exit code {promtool.ExitCode}: {string.Concat(words)}";
    }
}
