using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

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
public sealed class CallerAuthenticator(
    Authenticator authenticator,
    PossessionCheck possessionCheck,
    CatalogCache catalogs,
    UseRecorder recorder,
    DpopNonces nonces,
    CallerJudge judge,
    TokenryOptions options
)
{
    /// <param name="context">The request.</param>
    /// <param name="carrier">What it carries.</param>
    /// <param name="signed">Its signature, where it has one for us; without anything else it presents the credential.</param>
    public async ValueTask<CallerResult> AuthenticateAsync(HttpContext context, Carrier carrier, SignedRequest? signed = null)
    {
        var request = RequestFacts.Of(context);
        var judgedAt = judge.Now; // before the facts are read
        var presented = carrier.Presented;
        var result = await authenticator.AuthenticateAsync(presented, signed is null ? null : Proof(context, carrier, signed));
        var code = result.Code;
        var management = ScopeSet.Empty;
        var possession = Possession.Bearer;
        if (result is Authenticated authenticated)
        {
            possession = await possessionCheck.CheckAsync(authenticated, presented, NeededProof(context, carrier, authenticated, signed));
            (code, management) = AccessDecision.AtManagement(await catalogs.GetAsync(), authenticated, possession, request.Address);
        }

        var limits = await recorder.SettleAsync(
            new Use
            {
                Door = DoorNames.Management,
                Result = AuditReason.Of(code),
                Credential = result,
                Api = ManagementApi.Resource,
                From = UseCircumstances.Of(request),
                Method = request.Method,
                Path = request.Path,
            }
        );
        if (possession.NeedsNonce)
        {
            context.Response.Headers["DPoP-Nonce"] = nonces.Current;
        }

        if (limits.IsRefused || code != VerificationCode.Valid || result is not Authenticated good)
        {
            return new(null, limits, possession) { ExpiredAt = code == VerificationCode.Expired ? result.ExpiresAt : null };
        }

        var caller = new Caller
        {
            Credential = good,
            Principal = good.Owner,
            Management = management,
            Request = request,
            Possession = possession,
            JudgedAt = judgedAt,
        };
        return new(caller, limits, possession);
    }

    /// <summary>Only what is signed or bound, or says it is, needs a look at what came with it.</summary>
    private PresentedProof? NeededProof(HttpContext context, Carrier carrier, Authenticated authenticated, SignedRequest? signed) =>
        signed is not null || carrier.IsDpop || authenticated.Token is { IsBound: true } ? Proof(context, carrier, signed) : null;

    private PresentedProof Proof(HttpContext context, Carrier carrier, SignedRequest? signed) =>
        new()
        {
            Method = RequestFacts.Of(context).Method,
            Uri = PublicAddress.Of(context, options),
            IsDpop = carrier.IsDpop,
            Dpop = PresentedProof.DpopHeader(context.Request.Headers),
            CertificateThumbprint = ClientCertificate.Of(context)?.Thumbprint,
            Signed = signed,
        };
}
