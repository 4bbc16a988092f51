using System.Collections.Frozen;
using Tokenry.Protocol.Access;

namespace Tokenry.Server.Core.Apis;

/// <summary>The implications between the scopes of an API. Only this class resolves them: a holder of a scope has its closure.</summary>
public sealed class ScopeHierarchy
{
    public static readonly ScopeHierarchy Flat = new([]);

    private readonly FrozenDictionary<string, ScopeSet> closures;

    /// <param name="implications">The direct implications of each scope, without a cycle (<see cref="FindCycle"/>).</param>
    public ScopeHierarchy(IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> implications)
    {
        var direct = implications.ToDictionary(StringComparer.Ordinal);
        var known = new Dictionary<string, ScopeSet>(StringComparer.Ordinal);
        foreach (var scope in direct.Keys)
        {
            Close(scope, direct, known);
        }

        closures = known.Where(entry => entry.Value.Count > 1).ToFrozenDictionary(StringComparer.Ordinal);
        IsFlat = closures.Count == 0;
    }

    /// <summary>Whether no scope implies another.</summary>
    public bool IsFlat { get; }

    /// <summary>The scopes and all scopes that they imply; the same object if there are no more.</summary>
    public ScopeSet Closure(ScopeSet scopes)
    {
        var closed = scopes;
        if (!IsFlat)
        {
            foreach (var scope in scopes)
            {
                if (closures.TryGetValue(scope, out var closure))
                {
                    closed = closed.Union(closure);
                }
            }
        }

        return closed;
    }

    /// <summary>A scope that would imply itself; <c>null</c> if there is none.</summary>
    public static string? FindCycle(IReadOnlyDictionary<string, IReadOnlyList<string>> implications)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        var open = new HashSet<string>(StringComparer.Ordinal);
        return implications.Keys.FirstOrDefault(scope => !Ends(scope));

        bool Ends(string scope)
        {
            if (done.Contains(scope) || !implications.TryGetValue(scope, out var implied))
            {
                return true;
            }

            if (!open.Add(scope) || !implied.All(Ends))
            {
                return false;
            }

            open.Remove(scope);
            return done.Add(scope);
        }
    }

    private static ScopeSet Close(string scope, Dictionary<string, IReadOnlyList<string>> direct, Dictionary<string, ScopeSet> known)
    {
        if (!known.TryGetValue(scope, out var closure))
        {
            closure = direct
                .GetValueOrDefault(scope, [])
                .Aggregate(ScopeSet.Of([scope]), (all, implied) => all.Union(Close(implied, direct, known)));
            known[scope] = closure;
        }

        return closure;
    }
}
