using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Doors;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Verification;

/// <summary>What a door found out about one presented credential.</summary>
/// <param name="Code">One of <see cref="VerificationCode"/>.</param>
/// <param name="Credential">What it is.</param>
/// <param name="Scopes">What it may do at the API that was asked about.</param>
/// <param name="Limits">What its limits said, where everything else was in order.</param>
public readonly record struct Verdict(string Code, AuthenticationResult Credential, ScopeSet Scopes, LimitOutcome Limits)
{
    /// <summary>Whether it came in the query, which serves API keys alone.</summary>
    public bool IsMisplaced { get; init; }

    /// <summary>What the request proved.</summary>
    public Possession Possession { get; init; }

    public bool IsValid => Code == VerificationCode.Valid;
}

/// <summary>What a door was asked, beside the credential.</summary>
public readonly record struct Question(string Door, Requirement Requirement, UseCircumstances From, ForwardedRequest About)
{
    /// <summary>Whether the credential came in the query.</summary>
    public bool IsInQuery { get; init; }

    /// <summary>What came beside the credential; <c>null</c> = nothing.</summary>
    public PresentedProof? Proof { get; init; }
}

/// <summary>The one decision behind every gateway door: who is it, may it do that, has it room left; and the record that it was asked.</summary>
public sealed class Door(
    Authenticator authenticator,
    MessageSignatures signatures,
    PossessionCheck possessionCheck,
    OneTimeTokens oneTimeTokens,
    UseRecorder recorder
)
{
    /// <inheritdoc cref="ReceivedRequests.ReadBehindDoor"/>
    public SignedRequest? ReadSignature(string? method, Uri? origin, string? target, Func<string, IReadOnlyList<string?>> fields) =>
        ReceivedRequests.ReadBehindDoor(signatures, method, origin, target, fields);

    /// <param name="catalog">API resources and roles.</param>
    /// <param name="presented">What was presented; <c>null</c> = nothing but a signature.</param>
    /// <param name="question">What for.</param>
    public async ValueTask<Verdict> CheckAsync(Catalog catalog, string? presented, Question question)
    {
        var requirement = question.Requirement;
        var result = await authenticator.AuthenticateAsync(presented, question.Proof);
        var credential = result as Authenticated;
        var possession = credential is null ? Possession.Bearer : await possessionCheck.CheckAsync(credential, presented, question.Proof);
        var (code, scopes) = credential is null
            ? (result.Code, ScopeSet.Empty)
            : AccessDecision.Decide(catalog, credential, requirement with { Possession = possession });
        var isMisplaced =
            question.IsInQuery && result.Kind is { } kind && kind is not (CredentialKind.ApiKey or CredentialKind.AnonymousApiKey);
        if (isMisplaced)
        {
            code = VerificationCode.CredentialKindNotAccepted;
        }

        // Last, so that what fails uses nothing up; before the limits, which a replay must not use up.
        if (code == VerificationCode.Valid && credential is not null && !await oneTimeTokens.UseAsync(catalog, credential))
        {
            code = VerificationCode.ProofReplayed;
        }

        var limits = await recorder.SettleAsync(
            new Use
            {
                Door = question.Door,
                Result = AuditReason.Of(code),
                Credential = result,
                Api = requirement.Api,
                Scopes = requirement.Scopes,
                Object = requirement.Object,
                From = question.From,
                Method = question.About.Method,
                Path = question.About.Path,
            }
        );
        return new Verdict(limits.IsRefused ? limits.Code : code, result, scopes, limits) { IsMisplaced = isMisplaced, Possession = possession };
    }
}
