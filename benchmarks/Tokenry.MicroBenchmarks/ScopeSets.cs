using BenchmarkDotNet.Attributes;
using Tokenry.Protocol.Access;

namespace Tokenry.MicroBenchmarks;

/// <summary>What decisions do with scopes: sets of ten, as an API defines, and of three, as a caller asks for.</summary>
public class ScopeSets
{
    private const string Asked = "invoices:read invoices:write orders:read";

    private static readonly ScopeSet Ten = ScopeSet.Of(
        new[] { "invoices", "customers", "orders", "payments", "reports" }.SelectMany(noun => new[] { noun + ":read", noun + ":write" })
    );

    private static readonly ScopeSet Within = ScopeSet.Of(Asked.Split(' '));
    private static readonly ScopeSet Beside = ScopeSet.Of(["invoices:read", "orders:read", "refunds:read", "refunds:write"]);

    [Benchmark(Description = "parse 3")]
    public bool Parse() => ScopeSet.TryParse(Asked, out _);

    [Benchmark(Description = "parse 3 and print")]
    public string? ParseAndPrint() => ScopeSet.TryParse(Asked, out var scopes) ? scopes.ToString() : null;

    [Benchmark(Description = "10 superset of 3")]
    public bool IsSuperset() => Ten.IsSupersetOf(Within);

    [Benchmark(Description = "10 intersect 3, one within the other")]
    public ScopeSet IntersectWithin() => Ten.Intersect(Within);

    [Benchmark(Description = "10 intersect 4, half of it")]
    public ScopeSet IntersectBeside() => Ten.Intersect(Beside);

    [Benchmark(Description = "10 union 3, one within the other")]
    public ScopeSet UnionWithin() => Ten.Union(Within);

    [Benchmark(Description = "10 union 4, half of it new")]
    public ScopeSet UnionBeside() => Ten.Union(Beside);

    [Benchmark(Description = "10 except 3")]
    public ScopeSet Except() => Ten.Except(Within);
}
