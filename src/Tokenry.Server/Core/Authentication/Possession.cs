using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Authentication;

/// <summary>What a request proved beyond holding its credential, found before anything is decided.</summary>
/// <param name="Code"><c>valid</c>, or what is wrong with the proof: <c>proof_required</c>, <c>proof_invalid</c>, <c>proof_replayed</c>.</param>
/// <param name="Strength">What was proved.</param>
public readonly record struct Possession(string Code, Strength Strength)
{
    /// <summary>Nothing was to be proved.</summary>
    public static readonly Possession Bearer = new(VerificationCode.Valid, Strength.Bearer);

    public static readonly Possession Bound = new(VerificationCode.Valid, Strength.Bound);

    public static readonly Possession Required = new(VerificationCode.ProofRequired, Strength.Bearer);

    public static readonly Possession Invalid = new(VerificationCode.ProofInvalid, Strength.Bearer);

    public static readonly Possession Replayed = new(VerificationCode.ProofReplayed, Strength.Bearer);

    /// <summary>Whether it is the TLS client certificate that is missing or another, which no proof in a header would mend.</summary>
    public bool IsAboutCertificate { get; init; }

    public static readonly Possession Signed = new(VerificationCode.Valid, Strength.Signed);

    /// <summary>The credential is presented by signed requests alone, and this was none.</summary>
    public static readonly Possession NotSigned = Required with { IsAboutSignature = true };

    public static readonly Possession BadSignature = Invalid with { IsAboutSignature = true };

    public static readonly Possession SignatureReplayed = Replayed with { IsAboutSignature = true };

    /// <summary>The request carries one credential and is signed by another.</summary>
    public static readonly Possession OfAnother = BadSignature with { IsAmbiguous = true };

    /// <summary>
    /// What a description of the credential lets a resource server check for itself (introspection): a binding that is told whole as <c>cnf</c>. A signature
    /// over the request is not told, so what must sign is not active as a string.
    /// </summary>
    public static Possession Described(Authenticated credential) =>
        credential.Token?.Confirmation is { } confirmation
            ? confirmation.IsUnderstood
                ? Bound
                : Invalid
            : credential is AuthenticatedCredential { Stored.Terms.RequiresSignature: true }
                ? NotSigned
                : Bearer;

    /// <summary>Whether it is the request's signature that is missing, not good or used.</summary>
    public bool IsAboutSignature { get; init; }

    /// <summary>Whether the request has two credentials.</summary>
    public bool IsAmbiguous { get; init; }

    /// <summary>Whether the proof lacks a nonce of ours, and nothing else (RFC 9449 §8).</summary>
    public bool NeedsNonce { get; init; }

    /// <summary>What a challenge says of it under the scheme <c>DPoP</c> (RFC 9449 §7.1).</summary>
    public ChallengeError DpopError =>
        NeedsNonce ? ChallengeError.UseDpopNonce
        : Code is VerificationCode.ProofInvalid or VerificationCode.ProofReplayed ? ChallengeError.InvalidDpopProof
        : ChallengeError.InvalidToken;
}
