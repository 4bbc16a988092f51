using System.Security.Cryptography;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Protocol.Proofs;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// Signed requests (RFC 9421). <c>keyid</c> is the public id of an API key or of a registered public key, and the signature presents it: the request carries
/// no secret. If the request also carries a credential, the same credential must have signed it.
/// </summary>
public sealed class MessageSignatures(
    CredentialCache credentials,
    PrincipalCache principals,
    KeyRing keys,
    Database database,
    TimeProvider time
)
{
    /// <summary>The header that every signed request has (§4.1); without it the server need not look further.</summary>
    public const string InputHeader = "Signature-Input";

    private const string SignatureHeader = "Signature";

    /// <summary>In <see cref="SingleUse"/>.</summary>
    private const string UseKind = "message_signature";

    /// <summary>Bounds the secrets tried per credential, newest first: at most two are live, and some answer <c>revoked</c>.</summary>
    private const int MostTried = 8;

    // Used if the key does not exist, so that verification takes the same time.
    private static readonly RequestSigningKey NobodysKey = new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    private readonly MessageSignatureValidator validator = new(time);

    /// <param name="message">The request as its client sees it.</param>
    /// <param name="fields">Its fields, by their names in lower case.</param>
    /// <param name="hasUnseenBody">
    /// Whether it may have a body that this server does not see. Then the signature must cover its digest, so that the server that sees the body can check
    /// it.
    /// </param>
    /// <returns><c>null</c> if no signature is for this server.</returns>
    public SignedRequest? Read(HttpMessage message, Func<string, IReadOnlyList<string?>> fields, bool hasUnseenBody)
    {
        var fault = validator.Read(fields(InputHeader.ToLowerInvariant()), fields(SignatureHeader.ToLowerInvariant()), out var found);
        return fault == MessageSignatureFault.Absent
            ? null
            : new SignedRequest(message, hasUnseenBody && found?.Input.Covers(ContentDigest.FieldName) == false ? null : found);
    }

    /// <summary>
    /// Authenticates the signer of a request that carries no other credential. A wrong signature proves no identity, so the result tells nothing of the
    /// credential's state.
    /// </summary>
    public async ValueTask<AuthenticationResult> AuthenticateAsync(SignedRequest request)
    {
        if (request.Signature is not { } signature)
        {
            return AuthenticationFailure.Of(VerificationCode.ProofInvalid);
        }

        var credential = IsKnown(signature.KeyId) ? await credentials.GetAsync(signature.KeyId) : null;
        if (credential is not { CanSign: true })
        {
            Pretend(request.Message, signature);
            return AuthenticationFailure.Of(VerificationCode.Unknown);
        }

        var (proof, secret) = Verify(request.Message, signature, credential);
        return proof is null
            ? AuthenticationFailure.Of(VerificationCode.ProofInvalid)
            : AuthenticatedCredential.Judge(
                credential,
                await principals.GetAsync(credential.OwnerId, credential.OrganizationId),
                time.GetUtcNow(),
                new CredentialProof { Secret = secret, Signature = proof }
            );
    }

    /// <summary>Checks whether the presented credential also signed the request, and uses the signature up.</summary>
    public async ValueTask<Possession> CheckAsync(Authenticated presented, SignedRequest request)
    {
        if (request.Signature is not { } signature)
        {
            return Possession.BadSignature;
        }

        if (signature.KeyId != presented.CredentialId)
        {
            return Possession.OfAnother;
        }

        // For an access token: the credential it was issued to, which may no longer be valid.
        if (
            presented.Stored is not { } credential
            || !AuthenticatedCredential
                .Judge(credential, await principals.GetAsync(credential.OwnerId, credential.OrganizationId), time.GetUtcNow())
                .IsGood
            || Verify(request.Message, signature, credential) is not (Proof: { } proof, Secret: var secret)
            || secret?.ExpiresAt <= time.GetUtcNow().ToUnixTimeMilliseconds()
        )
        {
            return Possession.BadSignature;
        }

        return await ClaimAsync(proof);
    }

    /// <summary>Uses a valid signature up. Call it after all other checks, so that a refused signature is not used up.</summary>
    public async ValueTask<Possession> ClaimAsync(MessageProof proof) =>
        await SingleUse.ClaimAloneAsync(database, UseKind, proof.ReplayKey(), proof.KeepUntil)
            ? Possession.Signed
            : Possession.SignatureReplayed;

    /// <returns>The proof, and the secret whose signing key made it; <c>null</c> for a public key.</returns>
    private (MessageProof? Proof, SecretFacts? Secret) Verify(HttpMessage message, MessageSignature signature, CredentialFacts credential)
    {
        if (credential.PublicKey is { } publicKey)
        {
            return (signature.Verify(message, new RequestSigningKey(publicKey)).Proof, null);
        }

        foreach (var secret in credential.Secrets.Take(MostTried))
        {
            if (
                secret.SigningPepperVersion is { } version
                && RequestSigningKeys.Derive(keys, credential.Id, secret.Version, version) is { } key
                && signature.Verify(message, key) is { IsValid: true, Proof: var proof }
            )
            {
                return (proof, secret);
            }
        }

        return default;
    }

    private void Pretend(HttpMessage message, MessageSignature signature) =>
        _ = signature.Verify(
            message,
            signature.KeyId.StartsWith(CredentialFamily.PublicKeys.IdPrefix, StringComparison.Ordinal)
                ? NobodysKey
                : RequestSigningKeys.Derive(keys, signature.KeyId, CredentialStore.FirstVersion, keys.PepperVersion)!
        );

    private static bool IsKnown(string keyId) =>
        PublicId.IsWellFormed(keyId, CredentialFamily.ApiKeys.IdPrefix)
        || PublicId.IsWellFormed(keyId, CredentialFamily.PublicKeys.IdPrefix);
}
