using System.Security.Claims;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Doors;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// Finds out who uses a page. Pages read the cookie and no other credential; routes of the API never read the cookie. A page that needs a session sends
/// others to the sign-in page.
/// </summary>
internal sealed class SessionAuthentication(RequestDelegate next, SessionScheme scheme, CallerJudge judge, SessionUse use)
{
    public const string SignInPath = "/sign-in";

    /// <summary>The query parameter of the sign-in page that says that a session ended while its person wanted to change something.</summary>
    public const string EndedFlag = "ended";

    public async Task InvokeAsync(HttpContext context)
    {
        var route = context.GetEndpoint()?.Metadata;
        if (route?.GetMetadata<RouteIsPage>() is null)
        {
            await next(context);
            return;
        }

        if (SessionCookie.Read(context.Request) is { } presented)
        {
            context.Response.Headers.CacheControl = "no-store";
            if (await CallerAsync(context, presented) is { } caller)
            {
                Accept(context, caller);
            }
            else
            {
                SessionCookie.Delete(context.Response);
            }
        }

        if (route.GetMetadata<RouteAccess>() is { Kind: RouteAuthentication.Session } && SessionCaller.Of(context) is null)
        {
            await RefuseAsync(context);
            return;
        }

        await next(context);
    }

    private async ValueTask<Caller?> CallerAsync(HttpContext context, string presented)
    {
        var judgedAt = judge.Now; // before the facts are read
        if (await scheme.AuthenticateAsync(presented) is not AuthenticatedSession session)
        {
            return null;
        }

        var request = RequestFacts.Of(context);
        var (code, management) = AccessDecision.Decide(
            await judge.CatalogAsync(),
            session,
            Requirement.AtOwnApi(Possession.Bearer, request.Address)
        );
        return code != VerificationCode.Valid
            ? null
            : new Caller
            {
                Credential = session,
                Principal = session.Owner,
                Management = management,
                Request = request,
                JudgedAt = judgedAt,
            };
    }

    private void Accept(HttpContext context, Caller caller)
    {
        var session = SessionCaller.SessionOf(caller)!;
        SessionCaller.Set(context, caller);
        context.Features[typeof(Caller)] = caller; // for the operations behind a page, which bind their caller as routes of the API do
        context.Features[typeof(Viewer)] = new Viewer(
            caller.Principal.Id,
            caller.Principal.Name,
            caller.Management.ToHashSet(StringComparer.Ordinal)
        );
        caller.Request.IsFromKnownCaller = true;
        use.Note(session, caller.Request);
        // The framework's antiforgery token is then of this session: one of an earlier session does not fit.
        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", session.Id)], "session"));
    }

    private static Task RefuseAsync(HttpContext context)
    {
        var isChange = !HttpMethods.IsGet(context.Request.Method);
        var target = context.Request.Path.ToUriComponent() + (isChange ? "" : context.Request.QueryString.ToUriComponent());
        return Redirect.ToAsync(context, $"{SignInPath}?return={Uri.EscapeDataString(target)}{(isChange ? $"&{EndedFlag}=true" : "")}");
    }
}
