using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Order;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Tokenry.MicroBenchmarks;

/// <summary>How everything here is measured; what the command line says besides comes on top.</summary>
internal sealed class Measurement : ManualConfig
{
    /// <summary>Of one iteration: all pieces take microseconds, so that this is thousands of calls.</summary>
    private const int IterationMilliseconds = 100;

    /// <summary>A second of warming up, whatever <c>--job</c> says: less, and what runs first is timed as the compiler's first draft.</summary>
    private const int Warmups = 10;

    public Measurement()
    {
        // In this process: a project of its own for every run, which is BenchmarkDotNet's way, is built with everything below it each time
        // and takes longer than all there is to measure.
        AddJob(
            Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
                .WithIterationTime(TimeInterval.FromMilliseconds(IterationMilliseconds))
                .WithWarmupCount(Warmups)
                .AsMutator()
        );
        AddDiagnoser(MemoryDiagnoser.Default);
        AddColumnProvider(DefaultColumnProviders.Instance);
        // On a machine that does other things too, the fastest iteration says most; an interval of few iterations says nothing.
        AddColumn(StatisticColumn.Min);
        HideColumns(Column.Median, Column.Error);
        AddLogger(ConsoleLogger.Default);
        AddExporter(MarkdownExporter.GitHub);
        WithOrderer(new DefaultOrderer(SummaryOrderPolicy.Declared));
        WithOptions(ConfigOptions.JoinSummary | ConfigOptions.DisableLogFile);
    }
}
