using System.Buffers.Text;
using System.Security.Cryptography;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// The cookie of a session. <c>__Host-</c> binds it to this host, https and the whole path (RFC 6265bis §4.1.3.2); a browser counts
/// <c>http://localhost</c> as secure. <c>Lax</c>, because a link from another site must find the session. It ends with the browser or with the session.
/// </summary>
public static class SessionCookie
{
    public const string Name = "__Host-tokenry";

    /// <summary>The value that the request carries; <c>null</c> = none.</summary>
    public static string? Read(HttpRequest request) => ReadNamed(request, Name);

    public static void Write(HttpResponse response, NewSession session) =>
        response.Cookies.Append(Name, session.Cookie.Reveal(), Options());

    public static void Delete(HttpResponse response) => response.Cookies.Delete(Name, Options());

    internal static string? ReadNamed(HttpRequest request, string name) =>
        request.Cookies.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    internal static CookieOptions Options() =>
        new()
        {
            Path = "/",
            HttpOnly = true,
            Secure = true,
            SameSite = SameSiteMode.Lax,
            IsEssential = true,
        };
}

/// <summary>The cookie of a sign-in between password and code, with the attributes of <see cref="SessionCookie"/>. It opens no page but that of the code.</summary>
public static class SecondStepCookie
{
    public const string Name = "__Host-tokenry-code";

    /// <inheritdoc cref="SessionCookie.Read"/>
    public static string? Read(HttpRequest request) => SessionCookie.ReadNamed(request, Name);

    public static void Write(HttpResponse response, NewSecondStep step) =>
        response.Cookies.Append(Name, step.Cookie.Reveal(), SessionCookie.Options());

    public static void Delete(HttpResponse response) => response.Cookies.Delete(Name, SessionCookie.Options());
}

/// <summary>
/// A random value of the browser, with the attributes of <see cref="SessionCookie"/>. Challenges for people who are not signed in are sealed for it, so that an
/// answer from another browser does not count.
/// </summary>
public static class BrowserCookie
{
    public const string Name = "__Host-tokenry-browser";

    private const int Bytes = 16;
    private const int Length = 22;

    /// <summary>The value that the request carries; without one, an empty text, for which no challenge is sealed.</summary>
    public static string Read(HttpRequest request) => SessionCookie.ReadNamed(request, Name) is { Length: Length } value ? value : "";

    /// <summary>The value; the browser gets one if it has none.</summary>
    public static string ReadOrWrite(HttpContext context)
    {
        var value = Read(context.Request);
        if (value.Length == 0)
        {
            value = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));
            context.Response.Cookies.Append(Name, value, SessionCookie.Options());
        }

        return value;
    }
}

/// <summary>The cookie of a sign-in that is under way at an outside provider, with the attributes of <see cref="SessionCookie"/>. Its value is sealed.</summary>
public static class ProviderCookie
{
    public const string Name = "__Host-tokenry-provider";

    /// <inheritdoc cref="SessionCookie.Read"/>
    public static string? Read(HttpRequest request) => SessionCookie.ReadNamed(request, Name);

    public static void Write(HttpResponse response, string value) => response.Cookies.Append(Name, value, SessionCookie.Options());

    public static void Delete(HttpResponse response) => response.Cookies.Delete(Name, SessionCookie.Options());
}
