using System.Net;
using System.Security.Cryptography;
using System.Text;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Composition;

/// <summary><c>/</c>: tells a person what this server is and where to continue. One file, rendered at start; no script, one style.</summary>
internal static class StartPage
{
    private const string Style = """
        :root { color-scheme: light dark; --text: #1c2024; --meta: #5b646d; --back: #fff; --line: #1c20241f; --accent: #1f5fbf; }
        @media (prefers-color-scheme: dark) { :root { --text: #e6e9ec; --meta: #9aa4ae; --back: #14171a; --line: #e6e9ec1f; --accent: #7fb2ff; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--back); color: var(--text); font: 14px/1.5 system-ui, sans-serif; }
        main { max-width: 640px; margin: 0 auto; padding: 48px 16px; }
        h1 { font-size: 20px; line-height: 1.2; margin: 0 0 8px; }
        h2 { font-size: 14px; color: var(--meta); font-weight: 600; margin: 32px 0 4px; }
        p { margin: 0; }
        dl { margin: 0; }
        dl > div { display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 12px 0; border-bottom: 1px solid var(--line); }
        dt { flex: 1 1 200px; }
        dd { margin: 0; flex: 2 1 280px; color: var(--meta); overflow-wrap: anywhere; }
        a { color: var(--accent); }
        a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
        code, pre { font: 13px/1.5 ui-monospace, monospace; }
        pre { margin: 12px 0 0; padding: 12px 16px; border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
        """;

    private static readonly string ContentSecurityPolicy =
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        + $"style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'";

    public static void MapStartPage(this IEndpointRouteBuilder app, TokenryOptions options)
    {
        var page = Encoding.UTF8.GetBytes(Html(options));
        app.MapGet("/", context => ServeAsync(context, page))
            .WithTags("Operations")
            .WithName("start_page")
            .WithSummary("Show what this server is, with links to its documentation.")
            .Answers("text/html")
            .OpenToAnybody()
            .IsPage();
    }

    private static async Task ServeAsync(HttpContext context, byte[] page)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-cache";
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.ContentLength = page.Length;
        await context.Response.Body.WriteAsync(page, context.RequestAborted);
    }

    private static string Html(TokenryOptions options)
    {
        var issuer = WebUtility.HtmlEncode(options.Issuer);
        var home = WebUtility.HtmlEncode(new Uri(options.Issuer).AbsolutePath.TrimEnd('/'));
        return $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex">
            <title>Tokenry</title>
            <style>{Style}</style>
            </head>
            <body>
            <main>
            <h1>Tokenry</h1>
            <p>This server issues and checks API keys, personal access tokens and OAuth access tokens for programs.</p>
            <h2>Where to go next</h2>
            <dl>
            <div><dt><a href="{home}/sign-in">Sign in</a></dt><dd>for people; <code>./run admin sign-in</code> on the host makes a link for the first time</dd></div>
            <div><dt><a href="{home}/openapi/v1.json">API reference</a></dt><dd>OpenAPI 3.1: every route, body, answer and scope</dd></div>
            <div><dt><a href="{home}/.well-known/oauth-authorization-server">OAuth metadata</a></dt><dd>endpoints and methods for clients</dd></div>
            <div><dt><a href="{home}/.well-known/jwks.json">Signing keys</a></dt><dd>the JWK set that verifies access tokens</dd></div>
            <div><dt><a href="{home}/health/ready">Health</a></dt><dd>whether the server can serve now</dd></div>
            <div><dt>Documentation</dt><dd><code>README.md</code> and <code>docs/</code> in the folder that the server was started from</dd></div>
            </dl>
            <h2>First request</h2>
            <p>On the host, with a token of the administrator:</p>
            <pre><code>curl -H "Authorization: Bearer $(./run admin token)" {issuer}/v1/me</code></pre>
            </main>
            </body>
            </html>

            """;
    }
}
