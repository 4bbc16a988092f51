using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Doors;

/// <summary>What came of looking at the credential of a request to Tokenry's own API.</summary>
/// <param name="Caller">Whose it is; <c>null</c> where it is not good here, or its limits are used up.</param>
/// <param name="Limits">What its limits said, which hold here as everywhere.</param>
/// <param name="Possession">What the request proved.</param>
public readonly record struct CallerResult(Caller? Caller, LimitOutcome Limits, Possession Possession)
{
    /// <summary>When a credential ended that was genuine, and good but for its time; else <c>null</c>.</summary>
    public DateTimeOffset? ExpiredAt { get; init; }
}

/// <summary>Who calls Tokenry's own API, for every endpoint that takes a credential in a header.</summary>
public sealed class CallerAuthenticator(Door door, ProofReader proofs, DpopNonces nonces, CallerJudge judge)
{
    /// <param name="context">The request.</param>
    /// <param name="carrier">What it carries.</param>
    /// <param name="signed">Its signature, where it has one for us; without anything else it presents the credential.</param>
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
