using BenchmarkDotNet.Running;
using Tokenry.MicroBenchmarks;

// BenchmarkDotNet itself is content with a piece that threw.
var summaries = BenchmarkSwitcher.FromAssembly(typeof(Measurement).Assembly).Run(args, new Measurement());
return summaries.All(summary => !summary.HasCriticalValidationErrors && summary.Reports.All(report => report.Success)) ? 0 : 1;
