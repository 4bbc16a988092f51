using Tokenry.Protocol.Credentials;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// The organization in which a person wants to act. The cookie gives no right: every request looks up whether the person is a member there.
/// </summary>
public static class OrganizationCookie
{
    private const string Name = "tokenry_organization";

    /// <summary>The id that the request carries; <c>null</c> = none.</summary>
    public static string? Read(HttpRequest request) =>
        request.Cookies.TryGetValue(Name, out var id) && PublicId.IsWellFormed(id, "org") ? id : null;

    /// <summary>Acts in that organization from the next page on; <c>null</c> or no id of an organization = in none.</summary>
    public static void Write(HttpResponse response, string? id)
    {
        if (id is not null && PublicId.IsWellFormed(id, "org"))
        {
            response.Cookies.Append(Name, id, Options());
        }
        else
        {
            response.Cookies.Delete(Name, Options());
        }
    }

    private static CookieOptions Options() =>
        new()
        {
            Path = "/",
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            IsEssential = true,
        };
}
