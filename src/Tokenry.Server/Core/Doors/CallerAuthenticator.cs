using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Doors;

/// <summary>The result of checking the credential of a request to Tokenry's own API.</summary>
/// <param name="Caller">The caller; <c>null</c> if the credential is not valid here, or its limits are used up.</param>
/// <param name="Limits">The result of its limits, which apply here as at every door.</param>
/// <param name="Possession">What the request proved.</param>
public readonly record struct CallerResult(Caller? Caller, LimitOutcome Limits, Possession Possession)
{
    /// <summary>When a genuine credential ended that was valid apart from its expiry; otherwise <c>null</c>.</summary>
    public DateTimeOffset? ExpiredAt { get; init; }
}

/// <summary>Authenticates callers of Tokenry's own API, for every endpoint that takes a credential in a header.</summary>
public sealed class CallerAuthenticator(Door door, ProofReader proofs, DpopNonces nonces, CallerJudge judge)
{
    /// <param name="context">The request.</param>
    /// <param name="carrier">The credential that it carries.</param>
    /// <param name="signed">Its signature, if it has one for this server. If the request carries no credential, the signature presents it.</param>
    public async ValueTask<CallerResult> AuthenticateAsync(HttpContext context, Carrier carrier, SignedRequest? signed = null)
    {
        var request = RequestFacts.Of(context);
        var judgedAt = judge.Now; // before the facts are read
        var verdict = await door.CheckAsync(
            catalog: null,
            carrier.Presented,
            new DoorRequest(
                DoorNames.Management,
                Requirement.AtOwnApi(Possession.Bearer, request.Address),
                UseCircumstances.Of(request),
                new ForwardedRequest(request.Method, request.Path, null)
            )
            {
                Own = (context, carrier.IsDpop),
                Proof = signed is null ? null : proofs.Own(context, carrier.IsDpop, signed),
            }
        );
        if (verdict.Possession.NeedsNonce)
        {
            context.Response.Headers["DPoP-Nonce"] = nonces.Current;
        }

        if (verdict is not { IsValid: true, Credential: Authenticated credential })
        {
            return new(null, verdict.Limits, verdict.Possession)
            {
                ExpiredAt = verdict.Code == VerificationCode.Expired ? verdict.Credential.ExpiresAt : null,
            };
        }

        var caller = new Caller
        {
            Credential = credential,
            Principal = credential.Owner,
            Management = verdict.Scopes,
            Request = request,
            Possession = verdict.Possession,
            JudgedAt = judgedAt,
        };
        return new(caller, verdict.Limits, verdict.Possession);
    }
}
