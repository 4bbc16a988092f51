using BenchmarkDotNet.Attributes;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;

namespace Tokenry.MicroBenchmarks;

/// <summary>Is this credential good for that? With the facts in memory: twenty APIs of ten scopes, an owner with three roles.</summary>
public class AccessDecisions : WithStore
{
    private static readonly ScopeSet Needed = ScopeSet.Of(["invoices:read"]);

    private Catalog catalog = null!;
    private Authenticated whole = null!;
    private Authenticated named = null!;
    private Requirement at;
    private Requirement atNarrowed;

    protected override async Task PrepareAsync()
    {
        var sample = await Sample.CreateAsync(Store);
        whole = await sample.AuthenticateAsync(await sample.IssueKeyAsync());
        named = await sample.AuthenticateAsync(await sample.IssueKeyAsync(Sample.SomePermissions));
        catalog = await Store.Get<CatalogCache>().GetAsync();
        at = new()
        {
            Api = catalog.Resource(Sample.Api),
            Scopes = Needed,
            Possession = Possession.Bearer,
        };
        atNarrowed = new()
        {
            Api = catalog.Resource(Sample.NarrowedApi),
            Scopes = Needed,
            Possession = Possession.Bearer,
        };
        foreach (var decision in new[] { OwnersRights(), NamedPermissions(), NarrowedApi(), NamedAtNarrowedApi() })
        {
            if (decision.Code != VerificationCode.Valid)
            {
                throw new InvalidOperationException($"The sample is {decision.Code}.");
            }
        }
    }

    [Benchmark(Description = "Rights.Of")]
    public ScopeSet RightsAlone() => Rights.Of(catalog, whole, at.Api!);

    [Benchmark(Description = "all the owner's rights")]
    public (string Code, ScopeSet Scopes) OwnersRights() => AccessDecision.Decide(catalog, whole, at);

    [Benchmark(Description = "permissions of its own")]
    public (string Code, ScopeSet Scopes) NamedPermissions() => AccessDecision.Decide(catalog, named, at);

    [Benchmark(Description = "all the owner's, narrowed API")]
    public (string Code, ScopeSet Scopes) NarrowedApi() => AccessDecision.Decide(catalog, whole, atNarrowed);

    [Benchmark(Description = "permissions of its own, narrowed API")]
    public (string Code, ScopeSet Scopes) NamedAtNarrowedApi() => AccessDecision.Decide(catalog, named, atNarrowed);

    [Benchmark(Description = "Rights.Everywhere")]
    public PermissionSet EverywhereAtOnce() => Rights.Everywhere(catalog, whole);
}
