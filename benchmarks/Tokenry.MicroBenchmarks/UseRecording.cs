using System.Net;
using BenchmarkDotNet.Attributes;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Usage;

namespace Tokenry.MicroBenchmarks;

/// <summary>What a good decision leaves behind, in memory; writing it is not of the request.</summary>
public class UseRecording : WithStore
{
    private UsageCounters counters = null!;
    private LastUsed lastUsed = null!;
    private UseRecorder recorder = null!;
    private Use use;

    protected override async Task PrepareAsync()
    {
        var sample = await Sample.CreateAsync(Store);
        var catalog = await Store.Get<CatalogCache>().GetAsync();
        use = new Use
        {
            Door = DoorNames.Verify,
            Result = AuditReason.Valid,
            Credential = await sample.AuthenticateAsync(await sample.IssueKeyAsync()),
            Api = catalog.Resource(Sample.Api),
            Scopes = ScopeSet.Of(["invoices:read"]),
            From = new UseCircumstances(IPAddress.Parse("192.0.2.7"), "billing/2.1", "0HN7"),
        };
        counters = Store.Get<UsageCounters>();
        lastUsed = Store.Get<LastUsed>();
        recorder = Store.Get<UseRecorder>();
    }

    [Benchmark(Description = "UsageCounters.Record, one scope")]
    public void Count() => counters.Record(use);

    [Benchmark(Description = "LastUsed.Record")]
    public void RecordLastUse() => lastUsed.Record("key_1", "app_1", supersededVersion: null, use.From);

    [Benchmark(Description = "UseRecorder.Decided, all of it")]
    public void Decide() => recorder.Decided(use);
}
