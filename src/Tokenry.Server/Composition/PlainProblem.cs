using System.Net;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Composition;

/// <summary>An error answer for a person: the same words as <see cref="ProblemAnswer"/>, as a page.</summary>
internal static class PlainProblem
{
    public static Task WriteAsync(HttpContext context, ProblemException problem)
    {
        var response = context.Response;
        response.StatusCode = problem.Status;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";
        var title = WebUtility.HtmlEncode(ReasonPhrases.GetReasonPhrase(problem.Status));
        var page = Encoding.UTF8.GetBytes(
            $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{title} · Tokenry</title>
            </head>
            <body>
            <main class="page page-center">
            <h1>{title}</h1>
            <p role="alert">{WebUtility.HtmlEncode(problem.Message)}</p>
            <p><small><code>{problem.Code}</code> · <code>{RequestFacts.Of(context).RequestId}</code></small></p>
            </main>
            </body>
            </html>

            """
        );
        response.ContentLength = page.Length;
        return response.Body.WriteAsync(page).AsTask();
    }
}
