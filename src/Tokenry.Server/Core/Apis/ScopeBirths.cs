using Tokenry.Protocol.Access;

namespace Tokenry.Server.Core.Apis;

/// <summary>The creation of each scope of an API, as a counter value or a time.</summary>
public sealed class ScopeBirths
{
    public static readonly ScopeBirths None = new([]);

    private readonly (string Scope, long At)[] latestFirst;

    /// <param name="births">The creations. A scope without an entry or with 0 existed always.</param>
    public ScopeBirths(IEnumerable<(string Scope, long At)> births)
    {
        latestFirst = [.. births.Where(birth => birth.At > 0).OrderByDescending(birth => birth.At)];
        Latest = latestFirst.Length == 0 ? 0 : latestFirst[0].At;
    }

    /// <summary>0 if all existed always.</summary>
    public long Latest { get; }

    /// <summary>The scopes among <paramref name="scopes"/> that existed at <paramref name="moment"/>; the same object if all did.</summary>
    public ScopeSet NotAfter(ScopeSet scopes, long moment)
    {
        if (moment >= Latest)
        {
            return scopes;
        }

        List<string>? later = null;
        foreach (var (scope, at) in latestFirst)
        {
            if (at <= moment)
            {
                break;
            }

            if (scopes.Contains(scope))
            {
                (later ??= []).Add(scope);
            }
        }

        return later is null ? scopes : scopes.Except(ScopeSet.Of(later));
    }
}
