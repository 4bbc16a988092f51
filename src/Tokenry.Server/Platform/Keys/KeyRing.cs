using System.Security.Cryptography;
using System.Text;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Platform.Keys;

/// <summary>
/// The secrets that live outside the database: pepper (credential hashes), key-encryption key (what the store keeps sealed) and audit key
/// (the chain). A database dump without the key file opens nothing.
/// </summary>
public sealed class KeyRing(KeyFileSeal? seal = null)
{
    private const int MacLength = 32;

    private volatile Held? held;

    /// <summary>The version that new secrets are hashed with; others may still be stored under older ones.</summary>
    public int PepperVersion => Now.Pepper;

    /// <summary>The version that new values are sealed with.</summary>
    public int KeyEncryptionKeyVersion => Now.KeyEncryptionKey;

    /// <summary>There is one: the chain of events is under it from the first on.</summary>
    public byte[] AuditKey => Now.File.AuditKeys[Now.File.AuditKeys.Keys.Max()];

    private Held Now => held ?? throw new InvalidOperationException("The key file has not been opened yet.");

    /// <summary>The pepper of that version, or <c>null</c> where this key file does not hold it.</summary>
    public byte[]? Pepper(int version) => Now.File.Peppers.GetValueOrDefault(version);

    /// <summary>What keys for signing requests are derived from, or <c>null</c> where this key file does not hold that pepper.</summary>
    public byte[]? RequestSigningRoot(int pepperVersion) => Now.RequestSigningRoots.GetValueOrDefault(pepperVersion);

    /// <summary>
    /// Loads the key file, or makes it where the store is new; the store keeps a fingerprint of each version it needs, so that a process with
    /// none or another never writes hashes nobody can check.
    /// </summary>
    /// <exception cref="StartupException">The file is missing, foreign, broken or readable by others.</exception>
    public async Task OpenAsync(Database database, string path)
    {
        var stored = await KeyVersions.ReadAsync(database);
        if (!File.Exists(path) && !stored.IsNewStore)
        {
            throw new StartupException(
                $"The store was made with a key file that is not at {path}. Copy it there from the first server (or set Tokenry:KeyFile); "
                    + "without it no stored credential can be checked."
            );
        }

        var file = File.Exists(path) ? KeyFile.Read(path, seal) : KeyFile.Create(path, seal);
        stored = await stored.RecordAsync(database, path, file);
        Hold(path, file, stored);
        KeyFile.Protect(path, file, seal);
    }

    /// <summary>Reads the key file and what the store says of it again: keys were prepared, or others are in use now.</summary>
    /// <exception cref="StartupException">The file lacks what the store needs; what was held is held on.</exception>
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

    /// <summary>Under the key-encryption key in use, for one <paramref name="purpose"/>.</summary>
    /// <returns>version(1) ‖ what <see cref="AesGcmBox"/> makes.</returns>
    public byte[] Seal(ReadOnlySpan<byte> plain, string purpose)
    {
        var (version, key) = SealingKey();
        return [checked((byte)version), .. AesGcmBox.Seal(key, plain, purpose)];
    }

    /// <summary>Whether the key file holds the version that sealed it.</summary>
    public bool Opens(ReadOnlySpan<byte> sealedBytes) => Now.File.KeyEncryptionKeys.ContainsKey(VersionOf(sealedBytes));

    /// <summary>The version that sealed it, which says nothing of whether it opens.</summary>
    public static int VersionOf(ReadOnlySpan<byte> sealedBytes) => sealedBytes.Length == 0 ? 0 : sealedBytes[0];

    /// <summary>A keyed digest for comparing what must not be guessed at from a dump; another purpose gives another key.</summary>
    /// <returns>version(1) ‖ HMAC(32).</returns>
    public byte[] Mac(string purpose, ReadOnlySpan<byte> data)
    {
        var (version, key) = SealingKey();
        return [checked((byte)version), .. Mac(key, purpose, data)];
    }

    /// <summary>Whether it is the digest of that, under whatever version it was made with.</summary>
    public bool IsMac(ReadOnlySpan<byte> mac, string purpose, ReadOnlySpan<byte> data)
    {
        // Before keys were rotated there was no version in front.
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

    /// <exception cref="CryptographicException">Changed, of another purpose, or sealed under a key this file does not hold.</exception>
    public byte[] Open(ReadOnlySpan<byte> sealedBytes, string purpose) =>
        Now.File.KeyEncryptionKeys.TryGetValue(VersionOf(sealedBytes), out var key)
            ? AesGcmBox.Open(key, sealedBytes[1..], purpose)
            : throw new CryptographicException("The sealed value is not of a key in the key file.");

    /// <summary>Immutable, replaced whole.</summary>
    private sealed class Held(KeyFileContent file, int pepper, int keyEncryptionKey)
    {
        public KeyFileContent File => file;

        /// <summary>By pepper version.</summary>
        public IReadOnlyDictionary<int, byte[]> RequestSigningRoots { get; } =
            file.Peppers.ToDictionary(
                entry => entry.Key,
                entry => HKDF.DeriveKey(HashAlgorithmName.SHA256, entry.Value, KeyFile.KeyLength, info: "tokenry/9421/root"u8.ToArray())
            );

        public int Pepper => pepper;

        public int KeyEncryptionKey => keyEncryptionKey;
    }
}
