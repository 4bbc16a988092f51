using Tokenry.Protocol.Proofs;
using Tokenry.Server.Core.Credentials;

namespace Tokenry.Server.Core.Authentication;

/// <summary>How a stored credential was proved. No member is set for a certificate or an assertion.</summary>
public readonly record struct CredentialProof
{
    /// <summary>The secret that was presented, or that signed the request.</summary>
    public SecretFacts? Secret { get; init; }

    /// <summary>When the proof itself expires; <c>null</c> if it does not.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>
    /// The signature, if the signed request itself presents the credential. The door uses it up (<see cref="MessageSignatures.ClaimAsync"/>).
    /// </summary>
    public MessageProof? Signature { get; init; }

    /// <summary>When the credential or this proof ends, whichever comes first.</summary>
    internal DateTimeOffset? EndOf(CredentialFacts? credential) =>
        Until is { } end && !(credential?.ExpiresAt < end) ? end : credential?.ExpiresAt;
}
