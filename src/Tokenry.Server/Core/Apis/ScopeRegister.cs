using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Signing;

namespace Tokenry.Server.Core.Apis;

/// <summary>
/// The meaning of an API's scope names: which scope a name meant at the time of a grant, and what it implies. If a name is removed and added
/// again, it is another scope.
/// </summary>
public sealed class ScopeRegister
{
    public static readonly ScopeRegister Plain = new(0, ScopeBirths.None, ScopeBirths.None, ScopeHierarchy.Flat);

    private ScopeRegister(long generation, ScopeBirths generations, ScopeBirths creations, ScopeHierarchy hierarchy) =>
        (Generation, Generations, Creations, Hierarchy) = (generation, generations, creations, hierarchy);

    /// <summary>
    /// Counts the removals of scopes. A grant has the generation of its creation, and a scope the generation of its addition. A grant does
    /// not include scopes of a later generation: such a name was removed and added again after the grant.
    /// </summary>
    public long Generation { get; }

    /// <summary>The <see cref="Generation"/> of each scope; only names that were used before matter.</summary>
    public ScopeBirths Generations { get; }

    /// <summary>
    /// The creation times in Unix ms, for access tokens, which have no generation. Moved ahead as token ids may be (<see
    /// cref="TokenIds.After"/>).
    /// </summary>
    public ScopeBirths Creations { get; }

    public ScopeHierarchy Hierarchy { get; }

    /// <summary>Whether a check needs the names only: no later scope, no implication.</summary>
    public bool IsPlainSince(long asOf) => asOf >= Generations.Latest && Hierarchy.IsFlat;

    /// <summary>Identifies this register in caches of results that were computed with it.</summary>
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

    /// <summary>The scopes of a grant with these names, written in that generation.</summary>
    public ScopeSet Granted(ScopeSet scopes, long asOf) => Hierarchy.Closure(Generations.NotAfter(scopes, asOf));
}
