using Tokenry.Protocol.Access;

namespace Tokenry.Server.Core.Apis;

/// <summary>When each scope of an API came to be, on one count or clock.</summary>
public sealed class ScopeBirths
{
    public static readonly ScopeBirths None = new([]);

    private readonly (string Scope, long At)[] latestFirst;

    /// <param name="births">A scope that is not among them has always been there, as has one with 0.</param>
    public ScopeBirths(IEnumerable<(string Scope, long At)> births)
    {
        latestFirst = [.. births.Where(birth => birth.At > 0).OrderByDescending(birth => birth.At)];
        Latest = latestFirst.Length == 0 ? 0 : latestFirst[0].At;
    }

    /// <summary>0 where all have always been there.</summary>
    public long Latest { get; }

    /// <summary>Those of <paramref name="scopes"/> that were there at <paramref name="moment"/>; the same set where all were.</summary>
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
