using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Platform.Keys;

/// <summary>
/// The store's record of the key file: the version of each kind in use, and a fingerprint of every version that the store needs. A key file may have more
/// versions: those that are prepared but not used yet.
/// </summary>
internal sealed class KeyVersions
{
    public const string Pepper = "pepper";
    public const string KeyEncryptionKey = "key_encryption_key";
    private const string AuditKey = "audit_key";

    // From versions before key rotation existed: one fingerprint of the whole file.
    private const string WholeFile = "key_file_fingerprint";
    private const string FingerprintPrefix = "key_fingerprint:";
    private const string InUsePrefix = "key_in_use:";

    private readonly Dictionary<string, string> properties;

    private KeyVersions(Dictionary<string, string> properties) => this.properties = properties;

    /// <summary>Whether nothing was ever hashed or sealed for this store.</summary>
    public bool IsNewStore => properties.Count == 0;

    private bool IsOfWholeFile => properties.Count == 1 && properties.ContainsKey(WholeFile);

    public static async Task<KeyVersions> ReadAsync(Database database) =>
        await database.ReadAsync(async connection => new KeyVersions(await PropertiesAsync(connection)));

    /// <summary>The version for new values.</summary>
    public int InUse(string kind) => int.Parse(properties[InUsePrefix + kind], CultureInfo.InvariantCulture);

    /// <summary>Records the versions of a store that is new, or older than key versions; the first process wins.</summary>
    /// <exception cref="StartupException">The key file belongs to another store.</exception>
    public async Task<KeyVersions> RecordAsync(Database database, string path, KeyFileContent file)
    {
        if (IsOfWholeFile && properties[WholeFile] != Fingerprint(file))
        {
            throw Foreign(path);
        }

        if (!IsNewStore && !IsOfWholeFile)
        {
            return this;
        }

        var rows = All(file)
            .SelectMany(kind =>
                kind.Keys.Select(key => (Name: NameOf(kind.Kind, key.Key), Value: Fingerprint(kind.Kind, key.Key, key.Value)))
            )
            .Concat(All(file).Select(kind => (Name: InUsePrefix + kind.Kind, Value: Text(kind.Keys.Keys.Max()))))
            .ToList();
        await database.WriteAsync(async tx =>
        {
            foreach (var (name, value) in rows)
            {
                await tx.ExecuteAsync(
                    "INSERT INTO store_properties (name, value) VALUES (@name, @value) ON CONFLICT DO NOTHING",
                    new { name, value }
                );
            }

            return true;
        });
        return await ReadAsync(database);
    }

    /// <summary>Checks that the file has every version that the store needs, with the same key.</summary>
    /// <exception cref="StartupException">A version is missing or different; the message says which, and what to do.</exception>
    public void Require(string path, KeyFileContent file)
    {
        var held = All(file).SelectMany(kind => kind.Keys.Select(key => (Name: NameOf(kind.Kind, key.Key), kind.Kind, key))).ToList();
        foreach (var (name, value) in properties.Where(property => property.Key.StartsWith(FingerprintPrefix, StringComparison.Ordinal)))
        {
            var found = held.Find(entry => entry.Name == name);
            if (found.Name is null)
            {
                throw new StartupException(
                    $"The key file {path} lacks {name[FingerprintPrefix.Length..].Replace(':', ' ')}, which this store uses since its keys were "
                        + "rotated. Copy tokenry.keys from the server that rotated them."
                );
            }

            if (Fingerprint(found.Kind, found.key.Key, found.key.Value) != value)
            {
                throw Foreign(path);
            }
        }
    }

    /// <summary>Makes this version the one in use. False if another rotation was first.</summary>
    public static async Task<bool> ActivateAsync(WriteTransaction tx, string kind, int from, int version, byte[] key)
    {
        if (
            await tx.ExecuteAsync(
                "UPDATE store_properties SET value = @value WHERE name = @name AND value = @old",
                new
                {
                    name = InUsePrefix + kind,
                    value = Text(version),
                    old = Text(from),
                }
            ) == 0
        )
        {
            return false;
        }

        await tx.ExecuteAsync(
            "INSERT INTO store_properties (name, value) VALUES (@name, @value)",
            new { name = NameOf(kind, version), value = Fingerprint(kind, version, key) }
        );
        tx.Changed(ChangeKind.KeyRing, kind);
        return true;
    }

    private static async Task<Dictionary<string, string>> PropertiesAsync(DbConnection connection) =>
        (
            await connection.QueryAsync<(string Name, string Value)>(
                $"SELECT name, value FROM store_properties WHERE name LIKE '{FingerprintPrefix}%' OR name LIKE '{InUsePrefix}%' OR name = @WholeFile",
                new { WholeFile }
            )
        ).ToDictionary(row => row.Name, row => row.Value, StringComparer.Ordinal);

    private static (string Kind, Dictionary<int, byte[]> Keys)[] All(KeyFileContent file) =>
        [(Pepper, file.Peppers), (KeyEncryptionKey, file.KeyEncryptionKeys), (AuditKey, file.AuditKeys)];

    private static string NameOf(string kind, int version) => $"{FingerprintPrefix}{kind}:{Text(version)}";

    private static string Text(int version) => version.ToString(CultureInfo.InvariantCulture);

    /// <summary>The fingerprint of 32 random bytes; it does not help to guess them.</summary>
    private static string Fingerprint(string kind, int version, byte[] key) =>
        Convert.ToHexStringLower(SHA256.HashData([.. Encoding.ASCII.GetBytes($"{kind}:{Text(version)}:"), .. key]));

    private static string Fingerprint(KeyFileContent file)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, keys) in new[] { ("pepper", file.Peppers), ("kek", file.KeyEncryptionKeys), ("audit", file.AuditKeys) })
        {
            foreach (var (version, key) in keys.OrderBy(pair => pair.Key))
            {
                hash.AppendData(Encoding.ASCII.GetBytes($"{name}:{version}:"));
                hash.AppendData(key);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static StartupException Foreign(string path) =>
        new($"The key file {path} is not the one this store was created with. Copy tokenry.keys from the server that created the store.");
}
