using Tokenry.Protocol.Proofs;
using Tokenry.Server.Platform.Keys;

namespace Tokenry.Server.Core.Credentials;

/// <summary>
/// The keys that API keys sign requests with (RFC 9421). The server derives them from the key file when needed, so that the store holds no signing key. Each
/// of a credential's secrets has its own, so that a rotation also ends the previous signing key.
/// </summary>
public static class RequestSigningKeys
{
    /// <param name="keys">The key file.</param>
    /// <param name="credentialId">The credential's public id.</param>
    /// <param name="version">Which of its secrets.</param>
    /// <param name="pepperVersion">The pepper that it is derived from: the one in use when the secret was made.</param>
    /// <returns><c>null</c> if the key file does not hold that pepper.</returns>
    public static RequestSigningKey? Derive(KeyRing keys, string credentialId, long version, int pepperVersion) =>
        keys.RequestSigningRoot(pepperVersion) is { } root ? RequestSigningKey.Derive(root, $"{credentialId}.{version}") : null;
}
