using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Console;

/// <summary>
/// Lets a form pass only if a page of this server sent it, in the same browser and for the same person. Three checks, each of which is enough against a
/// forged request: <c>Sec-Fetch-Site</c>, <c>Origin</c>, and a token that is an HMAC of the viewer under a random cookie.
/// </summary>
internal sealed class FormGuard(RequestDelegate next, TokenryOptions options)
{
    /// <summary>The name of the field with the token.</summary>
    public const string Field = "form_token";

    /// <summary>The name of the field that makes a repeated form the same operation; see <c>IdempotentGate</c>.</summary>
    public const string Once = "once";

    private const string Cookie = "__Host-tokenry_form";
    private const int CookieBytes = 32;
    private const int MostFields = 2000;

    private readonly string issuer = new Uri(options.Issuer).GetLeftPart(UriPartial.Authority);

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RouteIsForm>() is null || HttpMethods.IsGet(context.Request.Method))
        {
            await next(context);
            return;
        }

        RequireOwnOrigin(context);
        var (form, fault) = await FormParameters.ReadAsync(context.Request, MostFields);
        if (form is null)
        {
            throw new ProblemException(400, ProblemCode.InvalidRequest, $"The server could not read the form: {fault}.");
        }

        if (form[Field] is not { } token || CookieOf(context) is not { } cookie || !Matches(token, TokenOf(cookie, context)))
        {
            throw new ProblemException(
                403,
                ProblemCode.FormRefused,
                "The form is of another session or browser, or its cookie is gone. Nothing was changed. Open the page again and send the form from there."
            );
        }

        var facts = RequestFacts.Of(context);
        facts.IdempotencyKey = form[Once];
        facts.BodyHash = form.Hash();
        context.Features[typeof(PageForm)] = new PageForm(form);
        await next(context);
    }

    /// <summary>The token for forms of this page; sets the cookie if the browser has none.</summary>
    public static string TokenFor(HttpContext context)
    {
        if (CookieOf(context) is not { } cookie)
        {
            cookie = RandomNumberGenerator.GetBytes(CookieBytes);
            context.Response.Cookies.Append(
                Cookie,
                WebEncoders.Base64UrlEncode(cookie),
                new CookieOptions
                {
                    HttpOnly = true,
                    Secure = true,
                    SameSite = SameSiteMode.Lax,
                    Path = "/",
                    IsEssential = true,
                }
            );
        }

        return TokenOf(cookie, context);
    }

    private void RequireOwnOrigin(HttpContext context)
    {
        var headers = context.Request.Headers;
        var site = headers["Sec-Fetch-Site"].ToString();
        var origin = headers.Origin.ToString();
        // PageGuard has checked the host. A browser sets both headers, so a page of another site cannot make them equal.
        var isOwn =
            (site.Length == 0 || site is "same-origin" or "none")
            && (
                origin.Length == 0
                || origin == issuer
                || (Uri.TryCreate(origin, UriKind.Absolute, out var sender) && sender.Authority == headers.Host.ToString())
            );
        if (!isOwn)
        {
            throw new ProblemException(
                403,
                ProblemCode.FormRefused,
                "Another site sent this form. Nothing was changed. If a proxy is in front of the server, it must keep the Host header."
            );
        }
    }

    private static byte[]? CookieOf(HttpContext context)
    {
        if (context.Request.Cookies[Cookie] is not { Length: > 0 and < 100 } text)
        {
            return null;
        }

        try
        {
            return WebEncoders.Base64UrlDecode(text) is { Length: CookieBytes } bytes ? bytes : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string TokenOf(byte[] cookie, HttpContext context) =>
        WebEncoders.Base64UrlEncode(HMACSHA256.HashData(cookie, Encoding.UTF8.GetBytes("form\n" + Viewer.Of(context)?.Id)));

    private static bool Matches(string sent, string expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(sent), Encoding.UTF8.GetBytes(expected));
}
