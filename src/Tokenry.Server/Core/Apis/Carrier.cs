using Microsoft.Extensions.Primitives;

namespace Tokenry.Server.Core.Apis;

/// <summary>The credential of a request: none, one, or several (which is refused, RFC 6750 §2).</summary>
public readonly record struct Carrier(string? Presented, bool IsAmbiguous)
{
    /// <summary>Whether the scheme was <c>DPoP</c> (RFC 9449 §7.1).</summary>
    public bool IsDpop { get; init; }

    /// <summary>Whether the credential was in the query, for an API that accepts it there.</summary>
    public bool IsInQuery { get; init; }

    /// <summary>Whether the query had a credential that is not allowed there.</summary>
    public bool IsRefusedQuery { get; init; }

    /// <summary>
    /// Reads <c>Authorization: Bearer</c>, <c>token</c> or <c>DPoP</c> (case-insensitive, RFC 9110 §11.1) and <c>X-API-Key</c>. Any other
    /// authorization scheme counts as one invalid credential.
    /// </summary>
    public static Carrier Of(IHeaderDictionary headers)
    {
        var authorization = headers.Authorization;
        StringValues key = headers["X-API-Key"];
        if (authorization.Count + key.Count > 1)
        {
            return new(null, IsAmbiguous: true);
        }

        if (key.Count == 1)
        {
            return new(key[0] ?? "", IsAmbiguous: false);
        }

        if (authorization.Count == 0)
        {
            return default;
        }

        var text = authorization[0] ?? "";
        return TryDpop(text, out var bound) ? new(bound, IsAmbiguous: false) { IsDpop = true }
            : TryBearer(text, out var bearer) ? new(bearer, IsAmbiguous: false)
            : new("", IsAmbiguous: false);
    }

    /// <summary>The credential of <c>Bearer</c> or <c>token</c>.</summary>
    public static bool TryBearer(string authorization, out string presented) =>
        TryScheme(authorization, "Bearer", out presented) || TryScheme(authorization, "token", out presented);

    /// <summary>The token of <c>DPoP</c>; a proof must accompany it.</summary>
    public static bool TryDpop(string authorization, out string presented) => TryScheme(authorization, "DPoP", out presented);

    private static bool TryScheme(string authorization, string name, out string presented)
    {
        var space = authorization.IndexOf(' ', StringComparison.Ordinal);
        var isScheme = authorization.AsSpan(0, space < 0 ? authorization.Length : space).Equals(name, StringComparison.OrdinalIgnoreCase);
        // One space or more separate scheme and credential (RFC 9110 §11.4).
        presented = isScheme ? authorization.AsSpan(space < 0 ? authorization.Length : space).TrimStart(' ').ToString() : "";
        return isScheme;
    }
}
