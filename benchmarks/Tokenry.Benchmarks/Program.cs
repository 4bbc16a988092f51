using System.Globalization;
using System.Text.Json;
using Tokenry.Benchmarks;
using Tokenry.Benchmarks.Limits;
using Tokenry.Benchmarks.Load;
using Tokenry.Benchmarks.Measuring;
using Tokenry.Benchmarks.Scale;
using Tokenry.Testing;

switch (args)
{
    case [EchoServer.Verb, var port]:
        await EchoServer.RunAsync(int.Parse(port, CultureInfo.InvariantCulture));
        return 0;
    case [CryptoLimits.Verb]:
        Console.WriteLine(JsonSerializer.Serialize(CryptoLimits.Measure()));
        return 0;
}

if (BenchOptions.Parse(args) is not { } options)
{
    await Console.Error.WriteAsync(BenchOptions.Usage);
    return 2;
}

if (options.Profile)
{
    using var wrk = new Wrk();
    foreach (var comparison in Comparison.All.Where(comparison => options.Wants(comparison.Path)))
    {
        await Profile.RunAsync(wrk, comparison.Path, Console.Out);
    }

    return 0;
}

var crypto = await CryptoLimits.MeasureAsync();
Console.WriteLine(
    string.Create(
        CultureInfo.InvariantCulture,
        $"One core: {crypto.Es256Signs:F0} ES256 signs/s, {crypto.Rs256Signs:F0} RS256 signs/s, {crypto.Es256Verifies:F0} ES256 verifies/s, {crypto.Hmacs:F0} HMACs/s"
    )
);
if (options.Wants("start"))
{
    Console.WriteLine(await StartTime.MeasureAsync(Engine.Sqlite));
}

await using var suite = new Suite(options, Console.Out);
await suite.MeasureAsync(crypto);
foreach (var (subject, bytes) in suite.Memory())
{
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{subject}: {bytes / 1048576} MiB resident"));
}

if (options.Wants("scale"))
{
    foreach (var size in options.Long ? [10_000, 1_000_000, 10_000_000] : new[] { 10_000, 1_000_000 })
    {
        Console.WriteLine(await ScaleRun.MeasureAsync(size, Console.Out));
    }
}

return 0;
