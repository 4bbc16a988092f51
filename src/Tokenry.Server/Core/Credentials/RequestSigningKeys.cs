using Tokenry.Protocol.Proofs;
using Tokenry.Server.Platform.Keys;

namespace Tokenry.Server.Core.Credentials;

/// <summary>
/// What API keys sign requests with (RFC 9421). Derived from the key file when it is needed, so that the store holds nothing that signs; another for each
/// of a credential's secrets, so that a rotation ends the one before by the same rule.
/// </summary>
public static class RequestSigningKeys
{
    /// <param name="keys">The key file.</param>
    /// <param name="credentialId">The credential's public id.</param>
    /// <param name="version">Which of its secrets.</param>
    /// <param name="pepperVersion">The pepper whose root it is derived from: that of the time when the secret was made.</param>
    /// <returns><c>null</c> where the key file does not hold that pepper.</returns>
    public static RequestSigningKey? Derive(KeyRing keys, string credentialId, long version, int pepperVersion) =>
        keys.RequestSigningRoot(pepperVersion) is { } root ? RequestSigningKey.Derive(root, $"{credentialId}.{version}") : null;
}
