using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Doors;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.Verification;

/// <summary>
/// <c>ANY /v1/forward-auth</c>: the door for proxies (nginx <c>auth_request</c>, Caddy <c>forward_auth</c>, Traefik <c>ForwardAuth</c>). 200 with the
/// identity in headers, or the status, challenge and <c>Retry-After</c> that the client shall get.
/// </summary>
public sealed partial class ForwardAuthEndpoint(
    Door door,
    CatalogCache catalogs,
    Brands brands,
    UpstreamToken upstreamToken,
    DpopNonces nonces,
    TokenryOptions options,
    ILogger<ForwardAuthEndpoint> logger
)
{
    public async Task ServeAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        var asked = ForwardAuthRequest.Read(context.Request.Query);
        var catalog = await catalogs.GetAsync();
        var api = catalog.Resource(asked.Api) ?? throw ProblemException.Invalid("api", "is not a registered API resource");
        if (api.Identifier == ManagementApi.Identifier)
        {
            throw ProblemException.Invalid("api", "is this server's own API, which stands behind no proxy's door");
        }

        var request = RequestFacts.Of(context);
        var forwarded = ForwardedRequest.Of(context);
        var carrier = api.Carriers.Read(context.Request.Headers, forwarded.Query, brands.Begin);
        var proof = door.Proofs.Forwarded(context, forwarded, carrier.IsDpop, Origin(asked));
        if (Misplaced(api, asked, carrier, proof?.Signed) is { } refusal)
        {
            if (carrier.IsRefusedQuery)
            {
                LogSecretInUrl(request.Ip, api.Identifier);
            }

            await ProblemAnswer.WriteAsync(context, refusal);
            return;
        }

        var requirement = new Requirement
        {
            Api = api,
            Scopes = asked.Scopes,
            Organization = asked.Organization,
            Object = asked.Object,
            Possession = Possession.Bearer, // until the door has checked the proof
            Address = request.Address,
        };
        var question = new DoorRequest(DoorNames.ForwardAuth, requirement, UseCircumstances.Of(request), forwarded)
        {
            IsInQuery = carrier.IsInQuery,
            Proof = proof,
        };
        var verdict = await door.CheckAsync(catalog, carrier.Presented, question);
        verdict.Limits.WriteHeaders(context.Response.Headers);
        if (verdict.IsMisplaced)
        {
            LogSecretInUrl(request.Ip, api.Identifier);
            await ProblemAnswer.WriteAsync(context, InUrl(api));
            return;
        }

        if (!verdict.IsValid || verdict.Credential is not Authenticated credential)
        {
            if (verdict.Possession.NeedsNonce)
            {
                context.Response.Headers["DPoP-Nonce"] = nonces.Current;
            }

            await ProblemAnswer.WriteAsync(
                context,
                verdict.Possession.IsAmbiguous ? Problems.TwoCredentials(api.Carriers.Challenge)
                    : IsAboutSignature(api, proof, verdict)
                        ? SignatureChallenge.Refusal(context.Response.Headers, forwarded.Method ?? "", Offering(api, asked))
                    : Refusal(api, asked, carrier, verdict)
            );
            return;
        }

        if (asked.AsJwt && !request.IsFromProxy && IsLimited(credential))
        {
            throw ProblemException.Invalid(
                "as",
                "cannot be jwt for a credential that is limited to addresses or uses, unless a proxy listed in Tokenry:TrustedProxies asks: "
                    + "any other caller of this door would hold a token without these limits"
            );
        }

        var token = asked.AsJwt ? TokenFor(catalog, api, verdict, carrier, question) : null;
        Identify(context.Response.Headers, credential, verdict.Scopes);
        if (token is not null)
        {
            context.Response.Headers["X-Tokenry-Jwt"] = token;
        }
    }

    /// <summary>Whether the credential has limits of its own, which an upstream token made from it does not have.</summary>
    private static bool IsLimited(AuthenticationResult credential) => credential is AuthenticatedCredential { Stored.Terms.LimitUse: true };

    /// <exception cref="ProblemException">400: the token would be too long for a request header.</exception>
    private string TokenFor(Catalog catalog, ApiResourceFacts api, in Verdict verdict, Carrier carrier, in DoorRequest question)
    {
        try
        {
            return upstreamToken.For(catalog, api, verdict, carrier.Presented, question.From);
        }
        catch (TokenTooLongException)
        {
            throw ProblemException.Invalid(
                "as",
                $"cannot be jwt for this credential: a token with all its scopes and objects would be longer than {CompactJws.MaxLength} "
                    + "characters, which no door reads. Give the credential permissions with the scopes it needs"
            );
        }
    }

    /// <summary>The refusals that do not depend on the credential.</summary>
    private ProblemException? Misplaced(ApiResourceFacts api, ForwardAuthRequest asked, Carrier carrier, SignedRequest? signed) =>
        carrier.IsAmbiguous ? Problems.TwoCredentials(api.Carriers.Challenge)
        : carrier.IsRefusedQuery ? InUrl(api)
        : carrier.Presented is null && signed is null
            ? new(401, ProblemCode.CredentialMissing, "Send a credential for this API.") { Challenge = Offering(api, asked) }
        : null;

    private static ProblemException InUrl(ApiResourceFacts api) =>
        new(400, ProblemCode.InvalidRequest, "This credential must not be sent in the URL; it is in logs now, so rotate it.")
        {
            Challenge = api.Carriers.Challenge with { Error = ChallengeError.InvalidRequest },
        };

    /// <summary>The origin comes from configuration because clients can forge <c>Host</c>; the path comes from the proxy.</summary>
    private static Uri? Origin(ForwardAuthRequest asked) =>
        asked.Origin ?? (Uri.TryCreate(asked.Api, UriKind.Absolute, out var api) && api.Scheme is "https" or "http" ? api : null);

    /// <summary>Whether a signature would help, or the signature in the request is the reason for the refusal.</summary>
    private static bool IsAboutSignature(ApiResourceFacts api, PresentedProof? proof, in Verdict verdict) =>
        verdict.Possession.IsAboutSignature
        || proof?.Signed is not null && !verdict.Credential.IsGood
        || api.MinimumStrength == Strength.Signed
            && verdict.Possession.Code == VerificationCode.Valid
            && verdict.Code is VerificationCode.StrengthTooLow or VerificationCode.ProofRequired;

    /// <summary>The challenge without its error: all required scopes, and the URL of the resource metadata.</summary>
    private Challenge About(ApiResourceFacts api, ForwardAuthRequest asked) =>
        api.Carriers.Challenge with
        {
            Scope = asked.Scopes.IsEmpty ? null : asked.Scopes.ToString(),
            Metadata = ResourceMetadata.Of(options, api.Id),
        };

    /// <summary>Adds a challenge for the scheme <c>DPoP</c> if a proof would help.</summary>
    private Challenge Offering(ApiResourceFacts api, ForwardAuthRequest asked) =>
        About(api, asked) with
        {
            OffersDpop = api.Carriers.TakesAuthorization && api.AcceptedKinds.Contains(CredentialKind.AccessToken),
        };

    /// <summary>The client learns only what it can do, not why the server rejects a credential.</summary>
    private ProblemException Refusal(ApiResourceFacts api, ForwardAuthRequest asked, Carrier carrier, in Verdict verdict)
    {
        switch (verdict.Code)
        {
            case VerificationCode.InsufficientScope:
                var missing = asked.Scopes.Except(verdict.Scopes);
                return new(403, ProblemCode.InsufficientScope, $"This needs the scope {missing} at {api.Identifier}.")
                {
                    MissingScopes = [.. missing],
                    Challenge = About(api, asked) with { Error = ChallengeError.InsufficientScope },
                };
            case VerificationCode.WrongOrganization:
                return new(403, ProblemCode.WrongOrganization, "The credential does not act in this organization.")
                {
                    Challenge = api.Carriers.Challenge with { Error = ChallengeError.OtherOrganization },
                };
            case VerificationCode.CredentialKindNotAccepted:
                var kinds = api.KindsFor(asked.Scopes);
                var words = string.Join(' ', kinds);
                return new(403, ProblemCode.CredentialKindNotAccepted, $"This takes other credentials: {words}.")
                {
                    AcceptedCredentials = kinds,
                    Challenge = api.Carriers.Challenge with { Error = ChallengeError.AcceptedKinds(words) },
                };
            case VerificationCode.ObjectNotAllowed:
                return new(403, ProblemCode.ObjectNotAllowed, "The credential, or a role of its owner, is limited to other objects.")
                {
                    Challenge = api.Carriers.Challenge with { Error = ChallengeError.OtherObjects },
                };
            case VerificationCode.RateLimited:
                return new(429, ProblemCode.RateLimited, "The rate limit is used up. Try again after Retry-After.")
                {
                    RetryAfter = verdict.Limits.Wait,
                };
            case VerificationCode.QuotaExceeded:
                return new(429, ProblemCode.QuotaExceeded, "The quota is used up. Try again after Retry-After.")
                {
                    RetryAfter = verdict.Limits.Wait,
                };
            case VerificationCode.StrengthTooLow:
                return new(
                    401,
                    ProblemCode.InvalidToken,
                    $"{api.Identifier} takes no credential that a thief could use: get a token that is bound to a key (DPoP) or a TLS client certificate."
                )
                {
                    Challenge = Offering(api, asked) with { Error = ChallengeError.BoundOnly },
                };
            case VerificationCode.ProofRequired or VerificationCode.ProofInvalid when verdict.Possession.IsAboutCertificate:
                return new(
                    401,
                    ProblemCode.InvalidToken,
                    "The credential is bound to a TLS client certificate that did not come with the request."
                )
                {
                    Challenge = About(api, asked) with { Error = ChallengeError.OtherCertificate },
                };
            // Skip one-time tokens that were already used: a new proof cannot help.
            case VerificationCode.ProofRequired
            or VerificationCode.ProofInvalid
            or VerificationCode.ProofReplayed when verdict.Possession.Code != VerificationCode.Valid:
                return new(401, ProblemCode.InvalidToken, "The proof that has to come with this credential is missing or not good.")
                {
                    Challenge = About(api, asked) with { DpopError = verdict.Possession.DpopError },
                };
            case VerificationCode.Expired when verdict.Credential.ExpiresAt is { } end:
                return Problems.CredentialExpired(end, Offering(api, asked));
            default:
                return new(
                    401,
                    ProblemCode.InvalidToken,
                    "The credential is not good here. Check that it is complete, not revoked, and meant for this API."
                )
                {
                    Challenge = carrier.IsDpop
                        ? About(api, asked) with
                        {
                            DpopError = ChallengeError.InvalidToken,
                        }
                        : Offering(api, asked) with
                        {
                            Error = ChallengeError.InvalidToken,
                        },
                };
        }
    }

    /// <summary>Always sets every header, empty if it has no value: some proxies would otherwise pass the client's own header.</summary>
    private static void Identify(IHeaderDictionary headers, Authenticated credential, ScopeSet scopes)
    {
        var objects = credential.ObjectTexts;
        headers["X-Tokenry-Subject"] = credential.Subject ?? "";
        headers["X-Tokenry-Kind"] = credential.Kind;
        headers["X-Tokenry-Credential"] = credential.CredentialId;
        headers["X-Tokenry-Application"] = credential.ApplicationId ?? "";
        headers["X-Tokenry-Organization"] = credential.OrganizationId ?? "";
        headers["X-Tokenry-Scopes"] = scopes.ToString();
        // Patterns are visible ASCII without spaces (ObjectPattern), so a space separates them.
        headers["X-Tokenry-Objects"] = objects is null ? "" : string.Join(' ', objects);
    }

    [LoggerMessage(
        EventId = 1,
        Level = LogLevel.Warning,
        Message = "secret_in_url: a request from {Ip} to {Api} carried a credential in its URL."
    )]
    private partial void LogSecretInUrl(string? ip, string api);
}
