using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Platform.Console;

/// <summary>Sends a person without a session to the sign-in page. Operations check what a person with one may do.</summary>
internal sealed class PageGate(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (
            context.GetEndpoint()?.Metadata.GetMetadata<RouteAccess>() is not { Kind: RouteAuthentication.Session }
            || Viewer.Of(context) is not null
        )
        {
            return next(context);
        }

        // The page that a form was on, not the form: a GET has no effect.
        var request = context.Request;
        var wanted = request.Path.Value + (HttpMethods.IsGet(request.Method) ? request.QueryString.Value : "");
        return new Redirect($"sign-in?return={Uri.EscapeDataString(wanted)}").ExecuteAsync(context);
    }
}
