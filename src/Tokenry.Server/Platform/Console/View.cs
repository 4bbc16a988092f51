using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Platform.Console;

/// <summary>
/// The answer that renders a page. The page is a Razor component without logic; the route calls the operation and gives the page what it shows:
/// <c>new View&lt;TokensPage&gt;("tokens.title") { ["Tokens"] = page }</c>.
/// </summary>
/// <param name="title">The key of the title, or the title itself if no text has that key.</param>
public sealed class View<TPage>(string title) : IResult
    where TPage : ConsolePage
{
    private readonly Dictionary<string, object?> parameters = new(StringComparer.Ordinal);

    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>The pages above this one, from the top.</summary>
    public IReadOnlyList<Crumb> Trail { get; init; } = [];

    /// <summary>A parameter of the page.</summary>
    public object? this[string name]
    {
        set => parameters[name] = value;
    }

    public Task ExecuteAsync(HttpContext httpContext) =>
        PageWriter.WriteAsync(httpContext, new PageContent(typeof(TPage), title, Trail, parameters), Status);
}

/// <summary>A page to render: the component, its title, the pages above it and its parameters.</summary>
internal sealed record PageContent(Type Page, string Title, IReadOnlyList<Crumb> Trail, IReadOnlyDictionary<string, object?> Parameters);

/// <summary>Renders a page on the server, whole, and writes it with the headers of every page.</summary>
internal static class PageWriter
{
    /// <summary>No inline script and no inline style, no other host, no frame around the page.</summary>
    private const string Policy = "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

    public static async Task WriteAsync(HttpContext context, PageContent content, int status)
    {
        var services = context.RequestServices;
        var frame = FrameOf(context, content, await BannerAsync(context, status));
        await using var renderer = new HtmlRenderer(services, services.GetRequiredService<ILoggerFactory>());
        var html = await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var root = await renderer.RenderComponentAsync<Parts.Document>(
                ParameterView.FromDictionary(
                    new Dictionary<string, object?>
                    {
                        [nameof(Parts.Document.Frame)] = frame,
                        [nameof(Parts.Document.Page)] = content.Page,
                        [nameof(Parts.Document.Parameters)] = content.Parameters,
                    }
                )
            );
            using var text = new StringWriter();
            text.Write("<!DOCTYPE html>\n");
            root.WriteHtmlTo(text);
            return text.ToString();
        });
        var body = Encoding.UTF8.GetBytes(html);
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "text/html; charset=utf-8";
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers["Referrer-Policy"] = "same-origin";
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        response.Headers["blazor-enhanced-nav"] = "allow";
        response.Headers.Vary = "Cookie, Accept-Language";
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>An error has no banner: the store may be away, and one thing at a time needs attention.</summary>
    private static async Task<Banner?> BannerAsync(HttpContext context, int status)
    {
        if (
            status >= StatusCodes.Status400BadRequest
            || Viewer.Of(context) is not { } viewer
            || context.RequestServices.GetService<ReadBanner>() is not { } read
        )
        {
            return null;
        }

        try
        {
            return await read(viewer);
        }
        catch (StoreUnavailableException)
        {
            return null; // the page itself is there
        }
    }

    private static PageFrame FrameOf(HttpContext context, PageContent content, Banner? banner)
    {
        var services = context.RequestServices;
        var texts = Languages.Of(context);
        var viewer = Viewer.Of(context);
        return new PageFrame
        {
            Texts = texts,
            Title = texts.OrPlain(content.Title),
            Trail = content.Trail,
            Now = services.GetRequiredService<TimeProvider>().GetUtcNow(),
            Theme = Appearance.ThemeOf(context),
            Address = context.Request.Path.Value?.Trim('/') ?? "",
            BasePath = context.Request.PathBase.Value + "/",
            Issuer = services.GetRequiredService<TokenryOptions>().Issuer,
            FormToken = FormGuard.TokenFor(context),
            Viewer = viewer,
            Banner = banner,
            Navigation =
            [
                .. services
                    .GetServices<NavigationEntry>()
                    .Where(entry => viewer is not null && entry.IsFor(viewer))
                    .OrderBy(entry => entry.Order),
            ],
            Assets = services.GetRequiredService<ConsoleAssets>(),
        };
    }
}
