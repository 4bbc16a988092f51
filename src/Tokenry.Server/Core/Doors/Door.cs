using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Usage;

namespace Tokenry.Server.Core.Doors;

/// <summary>
/// The one decision about a presented credential, for verify, forward-auth and Tokenry's own API: authenticate, check possession, decide, count against the
/// limits, record. Introspection uses only the first part (<see cref="InspectAsync"/>).
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
    /// <summary>Reads the proof beside a credential, for <see cref="DoorRequest.Proof"/>.</summary>
    public ProofReader Proofs => proofs;

    /// <param name="catalog">API resources and roles; <c>null</c> = read them when they are needed.</param>
    /// <param name="presented">The presented string; <c>null</c> = only a signature.</param>
    /// <param name="request">The request that presents it.</param>
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
            if (requirement.Organization is { } organization)
            {
                result = credential = await authenticator.InOrganizationAsync(credential, organization);
            }

            possession = await possessionCheck.CheckAsync(credential, presented, ProofFor(credential, request));
            // A refusal needs no catalog, so the door can refuse even while the store is unavailable.
            catalog ??= await catalogs.GetAsync();
            (code, scopes) = AccessDecision.Decide(catalog, credential, requirement with { Possession = possession });
            // After the other checks, so that a refused request uses nothing up. Before the limits, so that a replay does not count against them.
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

    /// <summary>Checks a credential in order to describe it; uses nothing up and counts against no limit.</summary>
    /// <returns>The result; and the credential, unless it is not valid or is a one-time token that was used.</returns>
    public async ValueTask<(AuthenticationResult Result, Authenticated? Usable)> InspectAsync(Catalog catalog, string presented)
    {
        var result = await authenticator.AuthenticateAsync(presented);
        return (result, result is Authenticated credential && !await oneTimeTokens.IsUsedAsync(catalog, credential) ? credential : null);
    }

    /// <summary>At Tokenry's own API only a bound credential, or one sent under a scheme that promises a proof, needs a look at the proof.</summary>
    private PresentedProof? ProofFor(Authenticated credential, in DoorRequest request) =>
        request.Proof
        ?? (
            request.Own is (var context, var isDpop) && (isDpop || credential.Token is { IsBound: true })
                ? proofs.Own(context, isDpop, signed: null)
                : null
        );
}
