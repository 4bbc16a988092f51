using System.Security.Cryptography;
using System.Text;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>
/// The secrets of recoverable API keys, sealed under the key-encryption key. A key has one copy at most, of its newest secret: a rotation replaces it, and a
/// revocation deletes it. Checks compare hashes and never read a copy.
/// </summary>
public sealed class RecoverableSecrets(KeyRing keys)
{
    /// <summary>The seal purpose of a copy: it opens for no other credential, and for no other secret of the same one.</summary>
    public static string SealPurpose(string credentialId, long version) => $"recoverable/{credentialId}/{version}";

    /// <summary>Keeps a copy of a new secret, in place of the copy of the one before.</summary>
    /// <param name="tx">The transaction; it holds the credential's row.</param>
    /// <param name="secret">The secret.</param>
    /// <param name="version">Which of the credential's secrets it is.</param>
    public Task KeepAsync(WriteTransaction tx, MintedSecret secret, long version)
    {
        var plain = Encoding.ASCII.GetBytes(secret.Secret.Reveal());
        var row = new RecoverableSecretRow
        {
            CredentialId = secret.Id,
            Version = version,
            Sealed = keys.Seal(plain, SealPurpose(secret.Id, version)),
        };
        CryptographicOperations.ZeroMemory(plain);
        return RecoverableSecretStore.KeepAsync(tx, row);
    }

    /// <summary>Opens the copy.</summary>
    /// <param name="tx">The transaction; it holds the credential's row.</param>
    /// <param name="credentialId">The credential.</param>
    /// <param name="version">The version of its newest secret.</param>
    /// <returns><c>null</c> if there is no copy of this secret, or if the key file lacks the key that sealed it.</returns>
    public async Task<Secret?> OpenAsync(WriteTransaction tx, string credentialId, long version)
    {
        if (await RecoverableSecretStore.FindAsync(tx, credentialId) is not { } row || row.Version != version)
        {
            return null;
        }

        try
        {
            return new Secret(Encoding.ASCII.GetString(keys.Open(row.Sealed, SealPurpose(credentialId, version))));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>The key that signs requests beside a secret; <c>null</c> if the key file does not hold that pepper.</summary>
    public Secret? SigningKey(string credentialId, long version, long pepperVersion) =>
        RequestSigningKeys.Derive(keys, credentialId, version, (int)pepperVersion)?.ToSecret();
}
