using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Limits;
using Tokenry.Server.Foundation.Usage;

namespace Tokenry.Server.Foundation.Authentication;

/// <summary>Authenticates callers of the management API by the same code that checks everybody's credentials. Runs between routing and the endpoint.</summary>
internal sealed class CallerAuthentication(RequestDelegate next, Authenticator authenticator, CatalogCache catalogs, UseRecorder recorder)
{
    private const string Challenge = "Bearer realm=\"tokenry\"";

    // RFC 6750 §2.3, and what other products call it; none of our own parameters has these names.
    private static readonly string[] QueryCarriers = ["access_token", "api_key"];

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RouteAccess>() is { Kind: RouteAuthentication.Caller })
        {
            context.Response.Headers.CacheControl = "no-store";
            context.Features[typeof(Caller)] = await AuthenticateAsync(context);
        }

        await next(context);
    }

    /// <summary>The caller behind a request: exactly one good credential, in a header.</summary>
    private async ValueTask<Caller> AuthenticateAsync(HttpContext context)
    {
        var carrier = Carrier.Of(context.Request.Headers);
        if (carrier.IsAmbiguous)
        {
            throw new ProblemException(400, ProblemCode.InvalidRequest, "The request carries two credentials. Send one.")
            {
                Challenge = $"{Challenge}, error=\"invalid_request\"",
            };
        }

        if (context.Request.QueryString.HasValue && QueryCarriers.Any(context.Request.Query.ContainsKey))
        {
            // Never honoured (RFC 9700 §4.3.2), and not ignored either: the sender must learn that it leaks.
            throw new ProblemException(
                400,
                ProblemCode.InvalidRequest,
                "A credential must not be sent in the URL; it is in logs now, so rotate it."
            )
            {
                Challenge = $"{Challenge}, error=\"invalid_request\"",
            };
        }

        if (carrier.Presented is not { } presented)
        {
            throw new ProblemException(
                401,
                ProblemCode.CredentialMissing,
                "Send a credential: Authorization: Bearer tkr_pat_… or X-API-Key: tkr_key_…."
            )
            {
                Challenge = Challenge,
            };
        }

        var (caller, limits) = await FromPresentedAsync(authenticator, catalogs, recorder, presented, RequestFacts.Of(context));
        limits.WriteHeaders(context.Response.Headers);
        return limits.IsRefused
            ? throw new ProblemException(429, limits.Code, "A limit of this credential is used up. Try again after Retry-After.")
            {
                RetryAfter = limits.Wait,
            }
            : caller ?? throw Refused();
    }

    /// <summary>
    /// No caller where the credential is not good at the management API or its limits, which hold here as everywhere, are used up. Also for endpoints that take a bearer besides other ways to
    /// authenticate.
    /// </summary>
    public static async ValueTask<(Caller? Caller, LimitOutcome Limits)> FromPresentedAsync(
        Authenticator authenticator,
        CatalogCache catalogs,
        UseRecorder recorder,
        string presented,
        RequestFacts request
    )
    {
        var authenticated = await authenticator.AuthenticateAsync(presented);
        var code = authenticated.Code;
        var management = ScopeSet.Empty;
        if (authenticated.IsGood)
        {
            (code, management) = AccessDecision.AtManagement(await catalogs.GetAsync(), authenticated, request.Address);
        }

        (code, var limits) = await recorder.SettleAsync(
            new Use
            {
                Door = Doors.Management,
                Code = code,
                Credential = authenticated,
                Api = ManagementApi.Resource,
                From = UseCircumstances.Of(request),
                Method = request.Method,
                Path = request.Path,
            }
        );
        if (code != VerificationCode.Valid)
        {
            return (null, limits);
        }

        var caller = new Caller
        {
            Credential = authenticated,
            Principal = authenticated.Owner!,
            Management = management,
            Request = request,
        };
        return (caller, limits);
    }

    /// <summary>The same for every reason: which one it was is not the caller's to know.</summary>
    private static ProblemException Refused() =>
        new(401, ProblemCode.InvalidToken, "The credential is not good here. Check that it is complete, not expired or revoked, and yours.")
        {
            Challenge = $"{Challenge}, error=\"invalid_token\"",
        };
}
