using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Signing;

namespace Tokenry.Server.Core.Apis;

/// <summary>
/// What is known of an API's scopes beyond their names: which scope a name stood for when somebody was granted it, and what it implies. A name that is taken
/// away and used again is another scope.
/// </summary>
public sealed class ScopeRegister
{
    public static readonly ScopeRegister Plain = new(0, ScopeBirths.None, ScopeBirths.None, ScopeHierarchy.Flat);

    private ScopeRegister(long generation, ScopeBirths generations, ScopeBirths creations, ScopeHierarchy hierarchy) =>
        (Generation, Generations, Creations, Hierarchy) = (generation, generations, creations, hierarchy);

    /// <summary>
    /// How often scopes were taken away. A grant is written as of a generation, a scope comes with one, and a grant means no scope that came later:
    /// of a name in it that stands for a later scope, the earlier one was taken away between.
    /// </summary>
    public long Generation { get; }

    /// <summary>By <see cref="Generation"/>; only names that were used before can matter.</summary>
    public ScopeBirths Generations { get; }

    /// <summary>By Unix ms, which is what an access token can be told by, ahead as its id may be (<see cref="TokenIds.After"/>).</summary>
    public ScopeBirths Creations { get; }

    public ScopeHierarchy Hierarchy { get; }

    /// <summary>Whether names are all there is: nothing to look at at a check.</summary>
    public bool IsPlainSince(long asOf) => asOf >= Generations.Latest && Hierarchy.IsFlat;

    /// <summary>Stands for this register where something is remembered that was worked out with it.</summary>
    public object Era { get; } = new();

    public static ScopeRegister Of(long generation, IReadOnlyList<StoredScope> scopes) =>
        new(
            generation,
            new ScopeBirths(scopes.Select(scope => (scope.Name, scope.Since))),
            new ScopeBirths(scopes.Select(scope => (scope.Name, scope.CreatedAt == 0 ? 0 : TokenIds.After(scope.CreatedAt)))),
            scopes.All(scope => scope.Implies is null)
                ? ScopeHierarchy.Flat
                : new ScopeHierarchy(
                    scopes.Where(scope => scope.Implies is not null).Select(scope => KeyValuePair.Create(scope.Name, scope.Implies!))
                )
        );

    /// <summary>What a grant of these names, written as of that generation, comes to.</summary>
    public ScopeSet Granted(ScopeSet scopes, long asOf) => Hierarchy.Closure(Generations.NotAfter(scopes, asOf));
}
