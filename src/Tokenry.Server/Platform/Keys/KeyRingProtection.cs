using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Tokenry.Server.Platform.Keys;

/// <summary>
/// The framework's data protection with the key-encryption key instead of a key ring of its own: replicas share the key file, and nothing else is written to
/// disk. It protects only what lives for minutes, such as the token of a form.
/// </summary>
public sealed class KeyRingProtection(KeyRing keys) : IDataProtectionProvider
{
    public IDataProtector CreateProtector(string purpose) => new Protector(keys, "data-protection/" + purpose);

    /// <summary>Purposes nest: a value opens only with the whole line of purposes that it was protected for.</summary>
    private sealed class Protector(KeyRing keys, string line) : IDataProtector
    {
        public IDataProtector CreateProtector(string purpose) => new Protector(keys, $"{line}/{purpose.Length}:{purpose}");

        public byte[] Protect(byte[] plaintext) => keys.Seal(plaintext, line);

        /// <exception cref="CryptographicException">The value was changed, or protected for another purpose.</exception>
        public byte[] Unprotect(byte[] protectedData) => keys.Open(protectedData, line);
    }
}
