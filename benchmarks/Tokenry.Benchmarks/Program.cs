using System.Globalization;
using System.Text.Json;
using Tokenry.Benchmarks;
using Tokenry.Benchmarks.Limits;
using Tokenry.Benchmarks.Load;
using Tokenry.Benchmarks.Measuring;

switch (args)
{
    case [EchoServer.Verb, var port]:
        await EchoServer.RunAsync(int.Parse(port, CultureInfo.InvariantCulture));
        return 0;
    case [CryptoLimits.Verb]:
        Console.WriteLine(JsonSerializer.Serialize(CryptoLimits.Measure()));
        return 0;
    case ["guard", .. var rest]:
        return await Guard.RunAsync(rest is ["--update"], Console.Out);
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

var report = await Run.MeasureAsync(options, Console.Out);
await Run.KeepAsync(options, report, Console.Out);
return report.Rows.Sum(row => row.All.Sum(series => series.Errors)) == 0 ? 0 : 1;
