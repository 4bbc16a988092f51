using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Core.Authentication;

namespace Tokenry.Server.Core.Doors;

/// <summary>
/// Checks whether the presenter of a bound token holds the key (RFC 9449 §7) or the certificate (RFC 8705 §3) it is bound to. Also checks the request's
/// signature (RFC 9421), if the credential requires one or the request has one. Every door runs the same check.
/// </summary>
public sealed class PossessionCheck(DpopProofs dpop, MessageSignatures signatures)
{
    /// <param name="credential">The presented credential; a valid one.</param>
    /// <param name="presented">The string itself, whose hash a proof must carry; <c>null</c> = only a signature.</param>
    /// <param name="proof">The proof beside it, or instead; <c>null</c> = none.</param>
    public ValueTask<Possession> CheckAsync(Authenticated credential, string? presented, PresentedProof? proof) =>
        proof?.Signed is { } signed ? CheckSignedAsync(credential, presented, proof, signed)
        : credential is AuthenticatedCredential { Stored.Terms.RequiresSignature: true } ? new(Possession.NotSigned)
        : CheckBindingAsync(credential, presented, proof);

    private async ValueTask<Possession> CheckSignedAsync(
        Authenticated credential,
        string? presented,
        PresentedProof proof,
        SignedRequest signed
    )
    {
        if (credential.Signature is { } itself)
        {
            return await signatures.ClaimAsync(itself);
        }

        var binding = await CheckBindingAsync(credential, presented, proof);
        if (binding.Code != VerificationCode.Valid)
        {
            return binding;
        }

        var signature = await signatures.CheckAsync(credential, signed);
        return signature.Code == VerificationCode.Valid && binding.Strength > signature.Strength ? binding : signature;
    }

    private ValueTask<Possession> CheckBindingAsync(Authenticated credential, string? presented, PresentedProof? proof) =>
        presented is not null && credential.Token?.Confirmation is { } confirmation
            ? CheckAsync(confirmation, presented, proof)
            // A token without a binding proves nothing, under either scheme (RFC 9449 §7.1).
            : new(proof is { IsDpop: true } ? Possession.Invalid : Possession.Bearer);

    private async ValueTask<Possession> CheckAsync(TokenConfirmation confirmation, string presented, PresentedProof? proof)
    {
        if (!confirmation.IsUnderstood)
        {
            return Possession.Invalid;
        }

        if (confirmation.CertificateThumbprint is { } certificate && certificate != proof?.CertificateThumbprint)
        {
            var missing = proof?.CertificateThumbprint is null ? Possession.Required : Possession.Invalid;
            return missing with { IsAboutCertificate = true };
        }

        return confirmation.KeyThumbprint is not { } key ? Possession.Bound
            : proof is null ? Possession.Required
            : await CheckDpopAsync(key, presented, proof);
    }

    private async ValueTask<Possession> CheckDpopAsync(string key, string presented, PresentedProof proof)
    {
        // Under the scheme Bearer a thief's request would look the same (RFC 9449 §7.2).
        if (!proof.IsDpop)
        {
            return Possession.Required;
        }

        if (proof.Dpop is not { } text || proof.Uri is not { } uri)
        {
            return Possession.Invalid;
        }

        var result = dpop.Validate(text, new DpopRequest(proof.Method, uri) { AccessToken = presented, BoundTo = key });
        return !result.IsValid ? Possession.Invalid with { NeedsNonce = result.Fault == DpopFault.NonceNeeded }
            : await dpop.ClaimAsync(result.Proof) ? Possession.Bound
            : Possession.Replayed;
    }
}
