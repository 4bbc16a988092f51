using Microsoft.Extensions.Primitives;

namespace Tokenry.Server.Foundation.Authentication;

/// <summary>What a request carries: nothing, one credential, or more than one (which is refused, RFC 6750 §2).</summary>
public readonly record struct Carrier(string? Presented, bool IsAmbiguous)
{
    /// <summary>Whether it came in the query, where an API takes it there.</summary>
    public bool IsInQuery { get; init; }

    /// <summary>Whether the query held a credential that must not be there.</summary>
    public bool IsRefusedQuery { get; init; }

    /// <summary>
    /// <c>Authorization: Bearer</c> or <c>token</c> (scheme names without regard to case, RFC 9110 §11.1) and <c>X-API-Key</c>.
    /// Any other authorization scheme counts as one presented credential that is not good.
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

        return authorization.Count == 0
            ? default
            : new(TryBearer(authorization[0] ?? "", out var bearer) ? bearer : "", IsAmbiguous: false);
    }

    /// <summary>The credential of <c>Bearer</c> or <c>token</c>.</summary>
    public static bool TryBearer(string authorization, out string presented)
    {
        var space = authorization.IndexOf(' ', StringComparison.Ordinal);
        var scheme = authorization.AsSpan(0, space < 0 ? authorization.Length : space);
        var isBearer =
            scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) || scheme.Equals("token", StringComparison.OrdinalIgnoreCase);
        presented = isBearer ? authorization[(space < 0 ? authorization.Length : space + 1)..] : "";
        return isBearer;
    }
}
