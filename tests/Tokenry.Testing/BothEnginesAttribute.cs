using System.Reflection;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace Tokenry.Testing;

/// <summary>
/// Runs a theory once on each engine, so that nobody has to remember the second one. The engine is the first parameter; further
/// values follow it: <c>[Theory, BothEngines("a", 1)]</c>. Each row carries the trait <c>Engine</c>, to filter by.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class BothEnginesAttribute(params object?[] values) : DataAttribute
{
    public IReadOnlyList<object?> Values => values;

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        ValueTask.FromResult<IReadOnlyCollection<ITheoryDataRow>>([.. Enum.GetValues<Engine>().Select(Row)]);

    public override bool SupportsDiscoveryEnumeration() => true;

    private TheoryDataRow Row(Engine engine) =>
        new([engine, .. values])
        {
            Traits = new Dictionary<string, HashSet<string>>(StringComparer.OrdinalIgnoreCase) { ["Engine"] = [engine.ToString()] },
        };
}
