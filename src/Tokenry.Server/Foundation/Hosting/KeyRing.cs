using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Hosting;

/// <summary>
/// The secrets that live outside the database: pepper (credential hashes), key-encryption key (what the store keeps sealed) and audit key
/// (the chain). A database dump without the key file opens nothing.
/// </summary>
public sealed class KeyRing
{
    private const string FingerprintProperty = "key_file_fingerprint";
    private const int KeyLength = 32;
    private const int NonceLength = 12;
    private const int TagLength = 16;

    private KeyFileContent? content;

    private KeyFileContent Content => content ?? throw new InvalidOperationException("The key file has not been opened yet.");

    public int PepperVersion => Content.Peppers.Keys.Max();

    public byte[] AuditKey => Content.AuditKeys[Content.AuditKeys.Keys.Max()];

    /// <summary>The pepper of that version, or <c>null</c> where this key file does not hold it.</summary>
    public byte[]? Pepper(int version) => Content.Peppers.GetValueOrDefault(version);

    /// <summary>What keys for signing requests are derived from, or <c>null</c> where this key file does not hold that pepper.</summary>
    public byte[]? RequestSigningRoot(int pepperVersion) =>
        Pepper(pepperVersion) is { } pepper
            ? HKDF.DeriveKey(HashAlgorithmName.SHA256, pepper, KeyLength, info: "tokenry/9421/root"u8.ToArray())
            : null;

    /// <summary>
    /// Loads the key file, or makes it where the store is new; the store keeps its fingerprint, so that a process with none or another
    /// never writes hashes nobody can check.
    /// </summary>
    /// <exception cref="StartupException">The file is missing, foreign, broken or readable by others.</exception>
    public async Task OpenAsync(Database database, string path)
    {
        var stored = await ReadFingerprintAsync(database);
        if (File.Exists(path))
        {
            content = Read(path);
        }
        else if (stored is null)
        {
            content = Create(path);
        }
        else
        {
            throw new StartupException(
                $"The store was made with a key file that is not at {path}. Copy it there from the first server (or set Tokenry:KeyFile); "
                    + "without it no stored credential can be checked."
            );
        }

        var own = Fingerprint(content);
        if (stored is null)
        {
            await database.WriteAsync(tx =>
                tx.ExecuteAsync(
                    "INSERT INTO store_properties (name, value) VALUES (@name, @value) ON CONFLICT DO NOTHING",
                    new { name = FingerprintProperty, value = own }
                )
            );
            stored = await ReadFingerprintAsync(database);
        }

        if (stored != own)
        {
            throw new StartupException(
                $"The key file {path} is not the one this store was made with. Copy tokenry.keys from the server that made the store."
            );
        }
    }

    /// <summary>AES-256-GCM under the newest key-encryption key; <paramref name="purpose"/> is authenticated, so that a sealed thing opens as nothing else.</summary>
    /// <returns>version(1) ‖ nonce(12) ‖ tag(16) ‖ ciphertext.</returns>
    public byte[] Seal(ReadOnlySpan<byte> plain, string purpose)
    {
        var version = Content.KeyEncryptionKeys.Keys.Max();
        var sealedBytes = new byte[1 + NonceLength + TagLength + plain.Length];
        sealedBytes[0] = checked((byte)version);
        var nonce = sealedBytes.AsSpan(1, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(Content.KeyEncryptionKeys[version], TagLength);
        aes.Encrypt(
            nonce,
            plain,
            sealedBytes.AsSpan(1 + NonceLength + TagLength),
            sealedBytes.AsSpan(1 + NonceLength, TagLength),
            Encoding.UTF8.GetBytes(purpose)
        );
        return sealedBytes;
    }

    /// <summary>A keyed digest for comparing what must not be guessed at from a dump; another purpose gives another key.</summary>
    public byte[] Mac(string purpose, ReadOnlySpan<byte> data)
    {
        var newest = Content.KeyEncryptionKeys[Content.KeyEncryptionKeys.Keys.Max()];
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, newest, KeyLength, info: Encoding.UTF8.GetBytes("tokenry/mac/" + purpose));
        return HMACSHA256.HashData(key, data);
    }

    /// <exception cref="CryptographicException">Changed, of another purpose, or sealed under a key this file does not hold.</exception>
    public byte[] Open(ReadOnlySpan<byte> sealedBytes, string purpose)
    {
        if (sealedBytes.Length < 1 + NonceLength + TagLength || !Content.KeyEncryptionKeys.TryGetValue(sealedBytes[0], out var key))
        {
            throw new CryptographicException("The sealed value is not of a key in the key file.");
        }

        var plain = new byte[sealedBytes.Length - 1 - NonceLength - TagLength];
        using var aes = new AesGcm(key, TagLength);
        aes.Decrypt(
            sealedBytes.Slice(1, NonceLength),
            sealedBytes[(1 + NonceLength + TagLength)..],
            sealedBytes.Slice(1 + NonceLength, TagLength),
            plain,
            Encoding.UTF8.GetBytes(purpose)
        );
        return plain;
    }

    private static Task<string?> ReadFingerprintAsync(Database database) =>
        database.ReadAsync(connection =>
            connection.QueryFirstOrDefaultAsync<string>(
                "SELECT value FROM store_properties WHERE name = @name",
                new { name = FingerprintProperty }
            )
        );

    private static string Fingerprint(KeyFileContent content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (
            var (name, keys) in new[] { ("pepper", content.Peppers), ("kek", content.KeyEncryptionKeys), ("audit", content.AuditKeys) }
        )
        {
            foreach (var (version, key) in keys.OrderBy(pair => pair.Key))
            {
                hash.AppendData(Encoding.ASCII.GetBytes($"{name}:{version}:"));
                hash.AppendData(key);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static KeyFileContent Create(string path)
    {
        var made = new KeyFileContent(
            new() { [1] = RandomNumberGenerator.GetBytes(KeyLength) },
            new() { [1] = RandomNumberGenerator.GetBytes(KeyLength) },
            new() { [1] = RandomNumberGenerator.GetBytes(KeyLength) }
        );
        // Written beside and then moved: nobody, and no later start, ever meets half a key file.
        var beside = $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            using (var file = new FileStream(beside, options))
            {
                JsonSerializer.Serialize(file, made, HostingJson.Default.KeyFileContent);
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: false);
            return made;
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(beside);
            return Read(path); // another replica that shares the directory was first
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The key file {path} cannot be written: {exception.Message}");
        }
    }

    private static KeyFileContent Read(string path)
    {
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & others) != 0)
        {
            throw new StartupException($"The key file {path} can be read by other users of this machine: chmod 600 {path}");
        }

        try
        {
            var read = JsonSerializer.Deserialize(File.ReadAllBytes(path), HostingJson.Default.KeyFileContent);
            if (
                read is { Peppers.Count: > 0, KeyEncryptionKeys.Count: > 0, AuditKeys.Count: > 0 }
                && AllKeys(read).All(key => key is { Length: KeyLength })
            )
            {
                return read;
            }
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The key file {path} cannot be read: {exception.Message}");
        }

        throw new StartupException($"The key file {path} lacks a key or holds one that is not {KeyLength} bytes long.");
    }

    private static IEnumerable<byte[]> AllKeys(KeyFileContent content) =>
        content.Peppers.Values.Concat(content.KeyEncryptionKeys.Values).Concat(content.AuditKeys.Values);
}
