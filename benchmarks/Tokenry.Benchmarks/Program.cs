using System.Text.Json;
using Tokenry.Benchmarks;
using Tokenry.Benchmarks.Limits;
using Tokenry.Benchmarks.Load;
using Tokenry.Benchmarks.Measuring;
using Tokenry.Benchmarks.Pages;

switch (args)
{
    case [EchoServer.Verb, .. var urls]:
        await EchoServer.RunAsync(urls);
        return 0;
    case [CryptoLimits.Verb]:
        Console.WriteLine(JsonSerializer.Serialize(CryptoLimits.Measure()));
        return 0;
    case ["guard", .. var rest]:
        return await Guard.RunAsync(rest is ["--update"], Console.Out);
    case ["pages", .. var rest] when PagesOptions.Parse(rest) is { } pages:
        return await PagesRun.RunAsync(pages, Console.Out);
}

if (BenchOptions.Parse(args) is not { } options)
{
    await Console.Error.WriteAsync(BenchOptions.Usage);
    return 2;
}

if (options.Profile)
{
    using var loads = new LoadCore();
    foreach (var comparison in Comparison.All.Where(comparison => options.Wants(comparison.Path)))
    {
        await Profile.RunAsync(loads, comparison.Path, Console.Out);
    }

    return 0;
}

var report = await Run.MeasureAsync(options, Console.Out);
await Run.KeepAsync(options, report, Console.Out);
var series = report.Rows.SelectMany(row => row.All).Concat(report.Scaling.SelectMany(row => new[] { row.One, row.Two }));
return series.Sum(each => each.Errors) == 0 ? 0 : 1;
