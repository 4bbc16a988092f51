using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Authentication;

/// <summary>What a request proved beyond holding its credential, determined before the decision.</summary>
/// <param name="Code"><c>valid</c>, or what is wrong with the proof: <c>proof_required</c>, <c>proof_invalid</c>, <c>proof_replayed</c>.</param>
/// <param name="Strength">The proven strength.</param>
public readonly record struct Possession(string Code, Strength Strength)
{
    /// <summary>The request needed no proof.</summary>
    public static readonly Possession Bearer = new(VerificationCode.Valid, Strength.Bearer);

    public static readonly Possession Bound = new(VerificationCode.Valid, Strength.Bound);

    public static readonly Possession Required = new(VerificationCode.ProofRequired, Strength.Bearer);

    public static readonly Possession Invalid = new(VerificationCode.ProofInvalid, Strength.Bearer);

    public static readonly Possession Replayed = new(VerificationCode.ProofReplayed, Strength.Bearer);

    /// <summary>Whether the TLS client certificate is missing or a different one. A proof in a header would not help.</summary>
    public bool IsAboutCertificate { get; init; }

    public static readonly Possession Signed = new(VerificationCode.Valid, Strength.Signed);

    /// <summary>The credential must be presented by a signed request, and this request was not signed.</summary>
    public static readonly Possession NotSigned = Required with { IsAboutSignature = true };

    public static readonly Possession BadSignature = Invalid with { IsAboutSignature = true };

    public static readonly Possession SignatureReplayed = Replayed with { IsAboutSignature = true };

    /// <summary>The request carries one credential, but another one signed it.</summary>
    public static readonly Possession OfAnother = BadSignature with { IsAmbiguous = true };

    /// <summary>
    /// What a description of the credential lets a resource server check itself (introspection): a binding that <c>cnf</c> tells in full. The description
    /// does not include a request signature, so a credential that must sign is not active as a string.
    /// </summary>
    public static Possession Described(Authenticated credential) =>
        credential.Token?.Confirmation is { } confirmation
            ? confirmation.IsUnderstood
                ? Bound
                : Invalid
            : credential is AuthenticatedCredential { Stored.Terms.RequiresSignature: true }
                ? NotSigned
                : Bearer;

    /// <summary>Whether the request's signature is missing, invalid or already used.</summary>
    public bool IsAboutSignature { get; init; }

    /// <summary>Whether the request has two credentials.</summary>
    public bool IsAmbiguous { get; init; }

    /// <summary>Whether the proof lacks only a nonce of this server (RFC 9449 §8).</summary>
    public bool NeedsNonce { get; init; }

    /// <summary>The error of a challenge under the scheme <c>DPoP</c> (RFC 9449 §7.1).</summary>
    public ChallengeError DpopError =>
        NeedsNonce ? ChallengeError.UseDpopNonce
        : Code is VerificationCode.ProofInvalid or VerificationCode.ProofReplayed ? ChallengeError.InvalidDpopProof
        : ChallengeError.InvalidToken;
}
