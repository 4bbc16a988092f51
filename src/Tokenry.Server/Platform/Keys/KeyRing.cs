using System.Security.Cryptography;
using System.Text;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Platform.Keys;

/// <summary>
/// The secrets outside the database: pepper (credential hashes), key-encryption key (sealed values of the store) and audit key (the chain). A database dump is
/// useless without the key file.
/// </summary>
public sealed class KeyRing(KeyFileSeal? seal = null)
{
    private const int MacLength = 32;

    private volatile Held? held;

    /// <summary>The pepper version for new secrets; stored hashes may use older ones.</summary>
    public int PepperVersion => Now.Pepper;

    /// <summary>The key version for new sealed values.</summary>
    public int KeyEncryptionKeyVersion => Now.KeyEncryptionKey;

    /// <summary>The audit key never rotates; it covers the whole chain.</summary>
    public byte[] AuditKey => Now.File.AuditKeys[Now.File.AuditKeys.Keys.Max()];

    private Held Now => held ?? throw new InvalidOperationException("The key file has not been opened yet.");

    /// <summary>The pepper of that version, or <c>null</c> if this key file lacks it.</summary>
    public byte[]? Pepper(int version) => Now.File.Peppers.GetValueOrDefault(version);

    /// <summary>The root of derived request-signing keys, or <c>null</c> if this key file lacks that pepper.</summary>
    public byte[]? RequestSigningRoot(int pepperVersion) => Now.RequestSigningRoots.GetValueOrDefault(pepperVersion);

    /// <summary>
    /// Loads the key file, or creates it if the store is new. The store keeps a fingerprint of each version that it needs, so that a process with another key
    /// file never writes hashes that other servers cannot check.
    /// </summary>
    /// <exception cref="StartupException">The file is missing, foreign, broken or readable by other users.</exception>
    public async Task OpenAsync(Database database, string path)
    {
        var stored = await KeyVersions.ReadAsync(database);
        if (!File.Exists(path) && !stored.IsNewStore)
        {
            throw new StartupException(
                $"The store was created with a key file that is not at {path}. Copy it there from the first server, or set Tokenry:KeyFile: "
                    + "without it the server can check no stored credential."
            );
        }

        var file = File.Exists(path) ? KeyFile.Read(path, seal) : KeyFile.Create(path, seal);
        stored = await stored.RecordAsync(database, path, file);
        Hold(path, file, stored);
        KeyFile.Protect(path, file, seal);
    }

    /// <summary>Reads the key file and the store's key versions again, because keys were prepared or activated.</summary>
    /// <exception cref="StartupException">The file lacks a key that the store needs; the loaded keys stay in use.</exception>
    public async Task RefreshAsync(Database database, string path)
    {
        var file = KeyFile.Read(path, seal);
        Hold(path, file, await KeyVersions.ReadAsync(database));
    }

    private void Hold(string path, KeyFileContent file, KeyVersions stored)
    {
        stored.Require(path, file);
        held = new Held(file, stored.InUse(KeyVersions.Pepper), stored.InUse(KeyVersions.KeyEncryptionKey));
    }

    /// <summary>Seals a value with the key-encryption key in use, for one <paramref name="purpose"/>.</summary>
    /// <returns>version(1) ‖ the output of <see cref="AesGcmBox"/>.</returns>
    public byte[] Seal(ReadOnlySpan<byte> plain, string purpose)
    {
        var (version, key) = SealingKey();
        return [checked((byte)version), .. AesGcmBox.Seal(key, plain, purpose)];
    }

    /// <summary>Whether the key file has the version that sealed the value.</summary>
    public bool Opens(ReadOnlySpan<byte> sealedBytes) => Now.File.KeyEncryptionKeys.ContainsKey(VersionOf(sealedBytes));

    /// <summary>The version that sealed the value; the key file may lack it.</summary>
    public static int VersionOf(ReadOnlySpan<byte> sealedBytes) => sealedBytes.Length == 0 ? 0 : sealedBytes[0];

    /// <summary>A keyed digest, for comparing values that must not be guessable from a dump; each purpose has its own key.</summary>
    /// <returns>version(1) ‖ HMAC(32).</returns>
    public byte[] Mac(string purpose, ReadOnlySpan<byte> data)
    {
        var (version, key) = SealingKey();
        return [checked((byte)version), .. Mac(key, purpose, data)];
    }

    /// <summary>Whether <paramref name="mac"/> is the digest of the data, with the version that created it.</summary>
    public bool IsMac(ReadOnlySpan<byte> mac, string purpose, ReadOnlySpan<byte> data)
    {
        // Digests from before the first key rotation have no version prefix.
        var version = mac.Length == MacLength ? 1 : VersionOf(mac);
        return Now.File.KeyEncryptionKeys.TryGetValue(version, out var key)
            && mac.Length >= MacLength
            && CryptographicOperations.FixedTimeEquals(mac[^MacLength..], Mac(key, purpose, data));
    }

    private static byte[] Mac(byte[] keyEncryptionKey, string purpose, ReadOnlySpan<byte> data) =>
        HMACSHA256.HashData(
            HKDF.DeriveKey(
                HashAlgorithmName.SHA256,
                keyEncryptionKey,
                KeyFile.KeyLength,
                info: Encoding.UTF8.GetBytes("tokenry/mac/" + purpose)
            ),
            data
        );

    private (int Version, byte[] Key) SealingKey()
    {
        var now = Now;
        return (now.KeyEncryptionKey, now.File.KeyEncryptionKeys[now.KeyEncryptionKey]);
    }

    /// <exception cref="CryptographicException">The value was changed, or sealed for another purpose, or with a key that this file lacks.</exception>
    public byte[] Open(ReadOnlySpan<byte> sealedBytes, string purpose) =>
        Now.File.KeyEncryptionKeys.TryGetValue(VersionOf(sealedBytes), out var key)
            ? AesGcmBox.Open(key, sealedBytes[1..], purpose)
            : throw new CryptographicException("No key in the key file opens the sealed value.");

    /// <summary>Immutable; replaced as a whole.</summary>
    private sealed class Held(KeyFileContent file, int pepper, int keyEncryptionKey)
    {
        public KeyFileContent File => file;

        /// <summary>The roots by pepper version.</summary>
        public IReadOnlyDictionary<int, byte[]> RequestSigningRoots { get; } =
            file.Peppers.ToDictionary(
                entry => entry.Key,
                entry => HKDF.DeriveKey(HashAlgorithmName.SHA256, entry.Value, KeyFile.KeyLength, info: "tokenry/9421/root"u8.ToArray())
            );

        public int Pepper => pepper;

        public int KeyEncryptionKey => keyEncryptionKey;
    }
}
