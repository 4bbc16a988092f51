using System.Security.Claims;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Doors;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// Finds out who uses a page. Pages read the cookie and no other credential; routes of the API never read the cookie. A page that needs a session sends
/// others to the sign-in page.
/// </summary>
internal sealed class SessionAuthentication(
    RequestDelegate next,
    SessionScheme scheme,
    CallerJudge judge,
    SessionUse use,
    PrincipalCache principals
)
{
    public const string SignInPath = "/sign-in";

    /// <summary>The query parameter of the sign-in page that says that a session ended while its person wanted to change something.</summary>
    public const string EndedFlag = "ended";

    /// <summary>The frame of every page lists them.</summary>
    private const int MostOrganizations = 50;

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
                await AcceptAsync(context, caller);
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
        if (await scheme.AuthenticateAsync(presented, OrganizationCookie.Read(context.Request)) is not AuthenticatedSession session)
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

    private async Task AcceptAsync(HttpContext context, Caller caller)
    {
        var session = SessionCaller.SessionOf(caller)!;
        SessionCaller.Set(context, caller);
        context.Features[typeof(Caller)] = caller; // for the operations behind a page, which bind their caller as routes of the API do
        context.Features[typeof(Viewer)] = new Viewer(
            caller.Principal.Id,
            caller.Principal.Name,
            caller.Management.ToHashSet(StringComparer.Ordinal)
        )
        {
            Organization = caller.OrganizationId is { } acts ? await NamedAsync(acts) : null,
            Organizations = await OrganizationsAsync(caller.Principal),
        };
        caller.Request.IsFromKnownCaller = true;
        use.Note(session, caller.Request);
        // The framework's antiforgery token is then of this session and of this organization: a form that was opened in another one is not sent in this one.
        var subject = caller.OrganizationId is { } organization ? $"{session.Id} {organization}" : session.Id;
        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", subject)], "session"));
    }

    private async Task<IReadOnlyList<ViewerOrganization>> OrganizationsAsync(PrincipalFacts person)
    {
        var found = new List<ViewerOrganization>();
        foreach (var membership in person.Memberships.Take(MostOrganizations))
        {
            if (await NamedAsync(membership.OrganizationId) is { } organization)
            {
                found.Add(organization);
            }
        }

        return [.. found.OrderBy(organization => organization.Name, StringComparer.OrdinalIgnoreCase)];
    }

    private async ValueTask<ViewerOrganization?> NamedAsync(string id) =>
        await principals.OrganizationAsync(id) is { IsEnabled: true } organization ? new(id, organization.Name) : null;

    private static Task RefuseAsync(HttpContext context)
    {
        var isChange = !HttpMethods.IsGet(context.Request.Method);
        var target = context.Request.Path.ToUriComponent() + (isChange ? "" : context.Request.QueryString.ToUriComponent());
        return Redirect.ToAsync(context, $"{SignInPath}?return={Uri.EscapeDataString(target)}{(isChange ? $"&{EndedFlag}=true" : "")}");
    }
}
