using System.Diagnostics;
using System.Globalization;
using Tokenry.Benchmarks.Measuring;
using Tokenry.Benchmarks.Subjects;
using Tokenry.Testing;

namespace Tokenry.Benchmarks.Scale;

/// <summary>How the server does with so many stored credentials.</summary>
/// <param name="Credentials">Stored.</param>
/// <param name="Load">Time to make and store them.</param>
/// <param name="Bytes">Of the database file.</param>
/// <param name="Start">From the start of the process until it is ready.</param>
/// <param name="Memory">Resident, after everything.</param>
/// <param name="Cold">First verification of each of five thousand keys.</param>
/// <param name="Warm">Verification of the same keys again.</param>
/// <param name="List">A page of fifty of the list of all credentials, somewhere in it.</param>
/// <param name="Revoke">A revocation.</param>
public sealed record ScaleResult(
    int Credentials,
    TimeSpan Load,
    long Bytes,
    TimeSpan Start,
    long Memory,
    Latencies Cold,
    Latencies Warm,
    Latencies List,
    Latencies Revoke
);

/// <summary>Measures one size on SQLite: the real server, started on a store that was filled while it was stopped.</summary>
internal static class ScaleRun
{
    private const int Sample = 5000;
    private const int Revoked = 200;
    private const int Pages = 100;
    private const string Scope = "invoices:read";

    public static async Task<ScaleResult> MeasureAsync(int credentials, TextWriter console)
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite, new ServerOptions { Processors = Cores.Server });
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).Api(Scope).Role().CreateAsync();
        await server.StopAsync();

        var watch = Stopwatch.StartNew();
        var said = 0;
        var sample = await Population.FillAsync(
            server.DataDirectory,
            made.Role.Id,
            credentials,
            Sample,
            stored =>
            {
                if (stored - said >= 500_000)
                {
                    said = stored;
                    console.WriteLine(
                        string.Create(CultureInfo.InvariantCulture, $"  {stored:N0} of {credentials:N0} stored, {watch.Elapsed:m\\:ss}")
                    );
                }
            }
        );
        var load = watch.Elapsed;
        var bytes = new DirectoryInfo(server.DataDirectory).EnumerateFiles("tokenry.db*").Sum(file => file.Length);

        watch.Restart();
        await server.LaunchAsync();
        var start = watch.Elapsed;
        await WarmUpAsync(admin);

        var cold = await Latencies.OfAsync(sample, VerifyAsync);
        await Latencies.OfAsync(sample, VerifyAsync);
        var warm = await Latencies.OfAsync(sample, VerifyAsync);
        var memory = Processes.Memory(server.ProcessId);
        var list = await PagesAsync(admin);
        var ids = sample.Take(Revoked).Select(secret => "key_" + secret[(secret.LastIndexOf('_') + 1)..][..22]);
        var revoke = await Latencies.OfAsync(ids, id => admin.DeleteAsync($"/v1/api-keys/{id}").Expect(204));
        return new ScaleResult(credentials, load, bytes, start, memory, cold, warm, list, revoke);

        Task VerifyAsync(string secret) => ScaleRun.VerifyAsync(admin, made.Api.Identifier, secret);
    }

    /// <summary>With keys of its own: the compiler has its turn before anything is measured, and no measured key is touched.</summary>
    private static async Task WarmUpAsync(ApiClient admin)
    {
        var known = await Scenario.On(admin).Role().ApiKey().CreateAsync();
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(5); )
        {
            await VerifyAsync(admin, known.Api.Identifier, known.ApiKey.Secret);
        }
    }

    private static async Task VerifyAsync(ApiClient admin, string api, string secret)
    {
        var answer = await admin.PostAsync(
            "/v1/verify",
            new
            {
                token = secret,
                api,
                scopes = new[] { Scope },
            }
        );
        if (!answer.Body.Contains("\"valid\":true", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"A stored key is not good: {answer.Body}");
        }
    }

    private static async Task<Latencies> PagesAsync(ApiClient admin)
    {
        var path = "/v1/credentials?limit=50";
        return await Latencies.OfAsync(
            Enumerable.Range(0, Pages),
            async _ =>
            {
                var page = await admin.GetAsync(path).Expect(200);
                path = $"/v1/credentials?limit=50&cursor={Uri.EscapeDataString(page.Text("next_cursor"))}";
            }
        );
    }
}
