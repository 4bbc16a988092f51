using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Platform.Console;

/// <summary>
/// Lets a form pass only if a page of this server sent it, in the same browser and session. Three checks, each of which stops a forged request: the
/// <c>Origin</c> that browsers send with every form, <c>Sec-Fetch-Site</c>, and the framework's antiforgery token.
/// </summary>
internal sealed class FormGuard(RequestDelegate next, IAntiforgery antiforgery, TokenryOptions options)
{
    /// <summary>The name of the field with the token.</summary>
    public const string Field = "form_token";

    /// <summary>The name of the field that makes a repeated form the same operation; see <c>IdempotentGate</c>.</summary>
    public const string Once = "once";

    private const int MostFields = 2000;

    private readonly string issuer = new Uri(options.Issuer).GetLeftPart(UriPartial.Authority);

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RouteIsForm>() is null || HttpMethods.IsGet(context.Request.Method))
        {
            await next(context);
            return;
        }

        context.Response.Headers.CacheControl = "no-store";
        RequireOwnOrigin(context.Request.Headers);
        var (form, fault) = await FormParameters.ReadAsync(context.Request, MostFields);
        if (form is null)
        {
            throw new ProblemException(
                400,
                ProblemCode.InvalidRequest,
                $"The server could not read the form: {fault}. Nothing was changed."
            );
        }

        await RequireTokenAsync(context, form);
        var facts = RequestFacts.Of(context);
        facts.IdempotencyKey = form[Once];
        facts.BodyHash = form.Hash();
        context.Features[typeof(PageForm)] = new PageForm(form);
        await next(context);
    }

    /// <summary>The token for forms of this page; sets its cookie if the browser has none.</summary>
    public static string TokenFor(HttpContext context) =>
        context.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(context).RequestToken!;

    /// <summary>The token belongs to the session: a form from before a sign-in, or of an earlier session, is refused.</summary>
    private async Task RequireTokenAsync(HttpContext context, FormParameters form)
    {
        var field = new Dictionary<string, StringValues>(StringComparer.Ordinal) { [Field] = form[Field] };
        context.Features.Set<IFormFeature>(new FormFeature(new FormCollection(field)));
        try
        {
            await antiforgery.ValidateRequestAsync(context);
        }
        catch (AntiforgeryValidationException)
        {
            throw new ProblemException(
                403,
                ProblemCode.FormRefused,
                "The form is of another session or browser, was opened in another organization, or its cookie is gone. Nothing was changed. Open the page again and "
                    + "send the form from there."
            );
        }
    }

    /// <summary>A browser sets both headers, so a page of another site cannot change them. A request without an origin is no browser's form.</summary>
    private void RequireOwnOrigin(IHeaderDictionary headers)
    {
        var origin = headers.Origin.ToString();
        // PageGuard has checked the host.
        var isOwn =
            headers["Sec-Fetch-Site"].ToString() is "" or "same-origin" or "none"
            && (
                origin == issuer
                || Uri.TryCreate(origin, UriKind.Absolute, out var sender)
                    && sender.Scheme is "https" or "http"
                    && sender.GetLeftPart(UriPartial.Authority) == origin
                    && sender.Authority == headers.Host.ToString()
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
}
