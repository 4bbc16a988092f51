namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// The cookie of a session. <c>__Host-</c> binds it to this host, https and the whole path (RFC 6265bis §4.1.3.2); a browser counts
/// <c>http://localhost</c> as secure. <c>Lax</c>, because a link from another site must find the session. It ends with the browser or with the session.
/// </summary>
public static class SessionCookie
{
    public const string Name = "__Host-tokenry";

    /// <summary>The value that the request carries; <c>null</c> = none.</summary>
    public static string? Read(HttpRequest request) => request.Cookies.TryGetValue(Name, out var value) && value.Length > 0 ? value : null;

    public static void Write(HttpResponse response, NewSession session) =>
        response.Cookies.Append(Name, session.Cookie.Reveal(), Options());

    public static void Delete(HttpResponse response) => response.Cookies.Delete(Name, Options());

    private static CookieOptions Options() =>
        new()
        {
            Path = "/",
            HttpOnly = true,
            Secure = true,
            SameSite = SameSiteMode.Lax,
            IsEssential = true,
        };
}
