using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Credentials;

/// <summary>Refusals that concern a credential's state.</summary>
public static class CredentialProblems
{
    public static ProblemException KeyIdTaken(string? keyId) =>
        new(
            409,
            ProblemCode.AlreadyExists,
            $"The application has a public key with the key id {Validation.Shown(keyId)} already. Revoke that one first, or send this one with another kid."
        );

    public static ProblemException NotActive(CredentialRow row) =>
        new(
            409,
            ProblemCode.CredentialNotActive,
            row.State == "revoked" ? "The credential is revoked for good. Create another."
                : row.IsPending
                    ? "The credential waits for an approval, and nothing of it changes until then. Revoke it to ask for another."
                : row.State == "disabled" ? "The credential is disabled. Enable it first."
                : "The credential has expired. Rotate it with a new expires_at to renew it."
        );
}
