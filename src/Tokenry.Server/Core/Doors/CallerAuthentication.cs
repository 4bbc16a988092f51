using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Doors;

/// <summary>Authenticates callers of the management API with the code that checks all other credentials. Runs between routing and the endpoint.</summary>
internal sealed class CallerAuthentication(
    RequestDelegate next,
    CallerAuthenticator callers,
    ProofReader proofs,
    ManagementRate rate,
    TokenryOptions options
)
{
    private readonly string metadata = ResourceMetadata.Of(options);

    // Names from RFC 6750 §2.3 and other products; no parameter of this server has these names.
    private static readonly string[] QueryCarriers = ["access_token", "api_key"];

    public async Task InvokeAsync(HttpContext context)
    {
        var route = context.GetEndpoint()?.Metadata;
        if (route?.GetMetadata<RouteAccess>() is { Kind: RouteAuthentication.Caller })
        {
            context.Response.Headers.CacheControl = "no-store";
            var caller = await AuthenticateAsync(context);
            if (route.GetMetadata<RouteIsUncounted>() is null)
            {
                Count(caller);
            }

            context.Features[typeof(Caller)] = caller;
            RequestFacts.Of(context).IsFromKnownCaller = true;
        }

        await next(context);
    }

    /// <summary>The caller of a request: exactly one valid credential, in a header.</summary>
    private async ValueTask<Caller> AuthenticateAsync(HttpContext context)
    {
        var carrier = Carrier.Of(context.Request.Headers);
        if (carrier.IsAmbiguous)
        {
            throw Problems.TwoCredentials(Challenge.Bearer);
        }

        if (context.Request.QueryString.HasValue && QueryCarriers.Any(context.Request.Query.ContainsKey))
        {
            // Never accepted (RFC 9700 §4.3.2), but not ignored: the sender must learn that its credential leaks.
            throw new ProblemException(
                400,
                ProblemCode.InvalidRequest,
                "A credential must not be sent in the URL; it is in logs now, so rotate it."
            )
            {
                Challenge = Challenge.Bearer with { Error = ChallengeError.InvalidRequest },
            };
        }

        var signed = await proofs.OwnSignatureAsync(context);
        if (carrier.Presented is null && signed is null)
        {
            throw new ProblemException(
                401,
                ProblemCode.CredentialMissing,
                "Send a credential: Authorization: Bearer tkr_pat_… or X-API-Key: tkr_key_…."
            )
            {
                Challenge = About(context) with { OffersDpop = true },
            };
        }

        var found = await callers.AuthenticateAsync(context, carrier, signed);
        var (caller, limits, possession) = found;
        limits.WriteHeaders(context.Response.Headers);
        return limits.IsRefused
            ? throw new ProblemException(429, limits.Code, "A limit of this credential is used up. Try again after Retry-After.")
            {
                RetryAfter = limits.Wait,
            }
            : caller
                ?? throw (
                    possession.IsAmbiguous ? Problems.TwoCredentials(Challenge.Bearer)
                    : possession.IsAboutSignature || carrier.Presented is null
                        ? SignatureChallenge.Refusal(context.Response.Headers, RequestFacts.Of(context).Method, About(context))
                    : found.ExpiredAt is { } end ? Problems.CredentialExpired(end, About(context) with { OffersDpop = true })
                    : Refused(context, carrier, possession)
                );
    }

    private void Count(Caller caller)
    {
        if (rate.Count(caller.CredentialId ?? caller.Principal.Id) is { Ticks: > 0 } wait)
        {
            throw new ProblemException(
                429,
                ProblemCode.TooManyRequests,
                "This credential makes more requests than Tokenry:Management:RequestsPerMinute allows. Try again after Retry-After."
            )
            {
                RetryAfter = wait,
            };
        }
    }

    /// <summary>The challenge without its error: the scope that the route needs, and where to read which credentials it accepts.</summary>
    private Challenge About(HttpContext context) =>
        Challenge.Bearer with
        {
            Scope = context.GetEndpoint()?.Metadata.GetMetadata<RouteAccess>()?.Needs is [var scope, ..] ? scope : null,
            Metadata = metadata,
        };

    /// <summary>The refusal uses the scheme of the request, and for a bound token the scheme that the token needs (RFC 9449 §7.1).</summary>
    private ProblemException Refused(HttpContext context, Carrier carrier, in Possession possession)
    {
        var refused = About(context) with { Error = ChallengeError.InvalidToken, OffersDpop = true };
        return carrier.Presented is { Length: 0 } ? Problems.CredentialNotSent(refused)
            : carrier.IsDpop || (possession.Code == VerificationCode.ProofRequired && !possession.IsAboutCertificate)
                ? Problems.CredentialNotGood(About(context) with { DpopError = possession.DpopError })
            : Problems.CredentialNotGood(refused);
    }
}
