using Microsoft.Extensions.Primitives;

namespace Tokenry.Server.Foundation.Authentication;

/// <summary>What a request carries: nothing, one credential, or more than one (which is refused, RFC 6750 §2).</summary>
public readonly record struct Carrier(string? Presented, bool IsAmbiguous)
{
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

        return authorization.Count == 0 ? default : new(FromAuthorization(authorization[0] ?? ""), IsAmbiguous: false);
    }

    private static string FromAuthorization(string value)
    {
        var space = value.IndexOf(' ', StringComparison.Ordinal);
        var scheme = space < 0 ? value : value[..space];
        return scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) || scheme.Equals("token", StringComparison.OrdinalIgnoreCase)
            ? value[(space < 0 ? value.Length : space + 1)..]
            : "";
    }
}
