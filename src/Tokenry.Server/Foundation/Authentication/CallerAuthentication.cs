using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Http;

namespace Tokenry.Server.Foundation.Authentication;

/// <summary>Authenticates callers of the management API by the same code that checks everybody's credentials. Runs between routing and the endpoint.</summary>
internal sealed class CallerAuthentication(
    RequestDelegate next,
    CallerAuthenticator callers,
    MessageSignatures signatures,
    TokenryOptions options
)
{
    private const string Bearer = "Bearer realm=\"tokenry\"";

    /// <summary>Where nothing was presented: no error (RFC 6750 §3), and where to read what would do (RFC 9728 §5.1).</summary>
    private readonly string challenge =
        $"{Bearer}, resource_metadata=\"{options.Issuer}/.well-known/oauth-protected-resource\", {DpopChallenge.Offer}";

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
            throw TwoCredentials();
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
                Challenge = $"{Bearer}, error=\"invalid_request\"",
            };
        }

        var signed = context.Request.Headers.ContainsKey(MessageSignatures.InputHeader)
            ? await ReceivedRequests.ReadAsync(signatures, context, options)
            : null;
        if (carrier.Presented is null && signed is null)
        {
            throw new ProblemException(
                401,
                ProblemCode.CredentialMissing,
                "Send a credential: Authorization: Bearer tkr_pat_… or X-API-Key: tkr_key_…."
            )
            {
                Challenge = challenge,
            };
        }

        var (caller, limits, possession) = await callers.AuthenticateAsync(context, carrier, signed);
        limits.WriteHeaders(context.Response.Headers);
        return limits.IsRefused
            ? throw new ProblemException(429, limits.Code, "A limit of this credential is used up. Try again after Retry-After.")
            {
                RetryAfter = limits.Wait,
            }
            : caller
                ?? throw (
                    possession.IsAmbiguous ? TwoCredentials()
                    : possession.IsAboutSignature || carrier.Presented is null
                        ? SignatureChallenge.Refusal(context.Response.Headers, context.Request.Method, error => $"{Bearer}, {error}")
                    : Refused(carrier, possession)
                );
    }

    private static ProblemException TwoCredentials() =>
        new(400, ProblemCode.InvalidRequest, "The request carries two credentials. Send one.")
        {
            Challenge = $"{Bearer}, error=\"invalid_request\"",
        };

    /// <summary>In the scheme that was used, and for a bound token in the one that it needs (RFC 9449 §7.1).</summary>
    private static ProblemException Refused(Carrier carrier, in Possession possession) =>
        Problems.CredentialNotGood(
            carrier.IsDpop || (possession.Code == VerificationCode.ProofRequired && !possession.IsAboutCertificate)
                ? $"{DpopChallenge.Failed(possession)}, {Bearer}"
                : $"{Bearer}, error=\"invalid_token\", {DpopChallenge.Offer}"
        );
}
