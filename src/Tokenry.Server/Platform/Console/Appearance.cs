using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Platform.Console;

/// <summary>Keeps the language that a person chose, if the person is signed in. A feature registers it.</summary>
public delegate Task KeepLanguage(HttpContext context, string language);

/// <summary>Language and theme, which a person chooses and a cookie keeps.</summary>
internal static class Appearance
{
    public const string LanguageCookie = "tokenry_language";
    private const string ThemeCookie = "tokenry_theme";

    private static readonly CookieOptions Kept = new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        MaxAge = TimeSpan.FromDays(365),
        Path = "/",
        IsEssential = true,
    };

    public static string ThemeOf(HttpContext context) =>
        context.Request.Cookies[ThemeCookie] is ("light" or "dark") and var theme ? theme : "";

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapPost("/appearance", (HttpContext context, PageForm form) => SetAsync(context, form))
            .ExcludeFromDescription()
            .IsPage()
            .IsForm()
            .OpenToAnybody();

    private static async Task<Redirect> SetAsync(HttpContext context, PageForm form)
    {
        if (form["language"] is { } language && (Languages.IsKnown(language) || language == Languages.Pseudo))
        {
            if (Languages.IsKnown(language) && context.RequestServices.GetService<KeepLanguage>() is { } keep)
            {
                await keep(context, language);
            }

            context.Response.Cookies.Append(LanguageCookie, language, Kept);
        }

        if (form["theme"] is ("light" or "dark") and var theme)
        {
            context.Response.Cookies.Append(ThemeCookie, theme, Kept);
        }
        else if (form["theme"] == "auto")
        {
            context.Response.Cookies.Delete(ThemeCookie);
        }

        return new Redirect(form["return"] ?? "");
    }
}
