using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Usage;

namespace Tokenry.Server.Core.Doors;

/// <summary>
/// The one decision about a presented credential, for verify, forward-auth and Tokenry's own API: authenticate, check possession, decide, count against the limits,
/// record. Introspection takes the first part alone (<see cref="InspectAsync"/>).
/// </summary>
public sealed class Door(
    Authenticator authenticator,
    PossessionCheck possessionCheck,
    ProofReader proofs,
    OneTimeTokens oneTimeTokens,
    CatalogCache catalogs,
    UseRecorder recorder
)
{
    /// <summary>Reads what came beside a credential, for <see cref="DoorRequest.Proof"/>.</summary>
    public ProofReader Proofs => proofs;

    /// <param name="catalog">API resources and roles; <c>null</c> = read them when they are needed.</param>
    /// <param name="presented">What was presented; <c>null</c> = nothing but a signature.</param>
    /// <param name="request">For what it was presented.</param>
    public async ValueTask<Verdict> CheckAsync(Catalog? catalog, string? presented, DoorRequest request)
    {
        var requirement = request.Requirement;
        var result = await authenticator.AuthenticateAsync(presented, request.Proof);
        var code = result.Code;
        var scopes = ScopeSet.Empty;
        var possession = Possession.Bearer;
        var isMisplaced =
            request.IsInQuery && result.Kind is { } kind && kind is not (CredentialKind.ApiKey or CredentialKind.AnonymousApiKey);
        if (result is Authenticated credential)
        {
            possession = await possessionCheck.CheckAsync(credential, presented, ProofFor(credential, request));
            // A refusal needs no catalog, so it is told even while the store is away.
            catalog ??= await catalogs.GetAsync();
            (code, scopes) = AccessDecision.Decide(catalog, credential, requirement with { Possession = possession });
            // Last, so that what fails uses nothing up; before the limits, which a replay must not use up.
            if (
                code == VerificationCode.Valid
                && !isMisplaced
                && !requirement.IsOwnApi
                && !await oneTimeTokens.UseAsync(catalog, credential)
            )
            {
                code = VerificationCode.ProofReplayed;
            }
        }

        if (isMisplaced)
        {
            code = VerificationCode.CredentialKindNotAccepted;
        }

        var limits = await recorder.SettleAsync(
            new Use
            {
                Door = request.Door,
                Result = AuditReason.Of(code),
                Credential = result,
                Api = requirement.Api,
                Scopes = requirement.IsOwnApi ? null : requirement.Scopes,
                Object = requirement.Object,
                From = request.From,
                Method = request.About.Method,
                Path = request.About.Path,
            }
        );
        return new Verdict(limits.IsRefused ? limits.Code : code, result, scopes, limits)
        {
            IsMisplaced = isMisplaced,
            Possession = possession,
        };
    }

    /// <summary>What a credential is, for a description of it: uses nothing up and counts against no limit.</summary>
    /// <returns>Its result; and the credential, unless it is not good or was good once and is used.</returns>
    public async ValueTask<(AuthenticationResult Result, Authenticated? Usable)> InspectAsync(Catalog catalog, string presented)
    {
        var result = await authenticator.AuthenticateAsync(presented);
        return (result, result is Authenticated credential && !await oneTimeTokens.IsUsedAsync(catalog, credential) ? credential : null);
    }

    /// <summary>At Tokenry's own API only a credential that is bound, or says it is, needs a look at what came with it.</summary>
    private PresentedProof? ProofFor(Authenticated credential, in DoorRequest request) =>
        request.Proof
        ?? (
            request.Own is (var context, var isDpop) && (isDpop || credential.Token is { IsBound: true })
                ? proofs.Own(context, isDpop, signed: null)
                : null
        );
}
