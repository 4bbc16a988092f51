using System.Security.Cryptography;
using Dapper;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.KeyCare;

/// <summary>
/// Rotates pepper and key-encryption key in two steps, so that every process has a version before any process writes with it. A prepared
/// version is in the key file; an activated one is in use. An operator may repeat a step that was killed.
/// </summary>
public sealed class KeyRotation(
    Database database,
    KeyRing keys,
    SystemGate gate,
    TokenryOptions options,
    TimeProvider time,
    KeyFileSeal? seal = null
)
{
    private const int Step = 100;
    private const int MostVersions = 255; // a sealed value stores its version in one byte

    /// <summary>Adds a version of each kind to the key file, unless one is already prepared.</summary>
    /// <exception cref="StartupException">The key file cannot be written.</exception>
    public async Task PrepareAsync(bool pepper, bool keyEncryptionKey, Action<string> say)
    {
        await keys.RefreshAsync(database, options.Store.KeyFile);
        var file = KeyFile.Read(options.Store.KeyFile, seal);
        var isChanged = false;
        foreach (var (kind, versions, inUse) in Kinds(file, pepper, keyEncryptionKey))
        {
            var newest = versions.Keys.Max();
            if (newest == inUse)
            {
                newest =
                    newest < MostVersions
                        ? newest + 1
                        : throw new StartupException($"{kind} has reached version {MostVersions}, which is the last one.");
                versions.Add(newest, KeyFile.NewKey());
                isChanged = true;
            }

            say($"{kind}: version {newest} is in {options.Store.KeyFile}, but not in use yet.");
        }

        if (isChanged)
        {
            KeyFile.Replace(options.Store.KeyFile, file, seal);
        }
    }

    /// <summary>Activates the prepared versions, and seals again what is under an older key-encryption key.</summary>
    /// <exception cref="StartupException">No version is prepared.</exception>
    public async Task ActivateAsync(bool pepper, bool keyEncryptionKey, Action<string> say)
    {
        await keys.RefreshAsync(database, options.Store.KeyFile);
        foreach (var (kind, versions, inUse) in Kinds(KeyFile.Read(options.Store.KeyFile, seal), pepper, keyEncryptionKey))
        {
            var newest = versions.Keys.Max();
            if (newest == inUse)
            {
                if (kind == KeyVersions.KeyEncryptionKey && await IsInterruptedAsync())
                {
                    continue; // an earlier activation was interrupted; the code below completes it
                }

                throw new StartupException($"The key file has no new version of {kind}. Run admin rotate-keys prepare first.");
            }

            var isActivated = await gate.WriteAsync(
                $"{kind}.rotated",
                async (tx, entry) =>
                {
                    entry.TargetType = kind;
                    entry.TargetId = $"{newest}";
                    return await KeyVersions.ActivateAsync(tx, kind, inUse, newest, versions[newest])
                        ? true
                        : throw new StartupException($"Another rotation of {kind} was first. Check admin rotate-keys status.");
                }
            );
            await keys.RefreshAsync(database, options.Store.KeyFile);
            say($"{kind}: version {newest} is now in use.");
        }

        if (keyEncryptionKey)
        {
            await SealAgainAsync(say);
            await SealFactorsAgainAsync(say);
            await SealRecoverableAgainAsync(say);
        }
    }

    /// <summary>Prints the number of secrets and keys under each version.</summary>
    public async Task DescribeAsync(Action<string> say)
    {
        await keys.RefreshAsync(database, options.Store.KeyFile);
        say($"pepper: version {keys.PepperVersion} is in use.");
        foreach (
            var (version, count) in await database.ReadAsync(connection =>
                connection.QueryAsync<(long, long)>(
                    "SELECT pepper_version, count(*) FROM credential_secrets WHERE expires_at IS NULL OR expires_at > @now "
                        + "GROUP BY pepper_version ORDER BY pepper_version",
                    new { now = time.GetUtcNow().ToUnixTimeMilliseconds() }
                )
            )
        )
        {
            say(
                $"pepper: {count} secrets are under version {version}{(version == keys.PepperVersion ? "." : "; each moves to the new version at its next use.")}"
            );
        }

        say(
            $"key_encryption_key: version {keys.KeyEncryptionKeyVersion} is in use; {(await ListOlderAsync()).Count} signing keys are under an older one."
        );
        if (await ListOlderFactorsAsync() is { Count: > 0 } factors)
        {
            say($"key_encryption_key: {factors.Count} second factors are under an older one.");
        }

        if (await CountOlderRecoverableAsync() is > 0 and var recoverable)
        {
            say($"key_encryption_key: {recoverable} recoverable secrets are under an older one.");
        }
    }

    private (string Kind, Dictionary<int, byte[]> Versions, int InUse)[] Kinds(KeyFileContent file, bool pepper, bool keyEncryptionKey) =>
        [
            .. pepper ? [(KeyVersions.Pepper, file.Peppers, keys.PepperVersion)] : Array.Empty<(string, Dictionary<int, byte[]>, int)>(),
            .. keyEncryptionKey
                ? [(KeyVersions.KeyEncryptionKey, file.KeyEncryptionKeys, keys.KeyEncryptionKeyVersion)]
                : Array.Empty<(string, Dictionary<int, byte[]>, int)>(),
        ];

    private async Task<bool> IsInterruptedAsync() =>
        (await ListOlderAsync()).Count + (await ListOlderFactorsAsync()).Count + await CountOlderRecoverableAsync() > 0;

    /// <summary>Signing keys sealed under another version. Stored idempotent answers are not included, because they expire in ten minutes.</summary>
    private async Task<IReadOnlyList<SigningKeyRow>> ListOlderAsync() =>
        [
            .. (await database.ReadAsync(SigningKeyStore.ListAsync)).Where(row =>
                row.SealedPrivateKey.Length > 0 && KeyRing.VersionOf(row.SealedPrivateKey) != keys.KeyEncryptionKeyVersion
            ),
        ];

    /// <summary>Secrets of second factors sealed under another version.</summary>
    private async Task<IReadOnlyList<SecondFactorRow>> ListOlderFactorsAsync() =>
        [
            .. (await database.ReadAsync(connection => SecondFactorStore.ListAsync(connection))).Where(row =>
                KeyRing.VersionOf(row.SealedSecret) != keys.KeyEncryptionKeyVersion
            ),
        ];

    private async Task SealAgainAsync(Action<string> say)
    {
        var older = await ListOlderAsync();
        var done = 0;
        foreach (var chunk in older.Chunk(Step))
        {
            await database.WriteAsync(async tx =>
            {
                foreach (var row in chunk)
                {
                    var purpose = SigningKeyStore.SealPurpose(row.KeyId);
                    var opened = keys.Open(row.SealedPrivateKey, purpose);
                    await SigningKeyStore.SealAgainAsync(tx, row, keys.Seal(opened, purpose));
                    CryptographicOperations.ZeroMemory(opened);
                }

                return true;
            });
            done += chunk.Length;
            say($"key_encryption_key: {done} of {older.Count} signing keys are sealed again.");
        }
    }

    private async Task SealFactorsAgainAsync(Action<string> say)
    {
        var older = await ListOlderFactorsAsync();
        var done = 0;
        foreach (var chunk in older.Chunk(Step))
        {
            await database.WriteAsync(async tx =>
            {
                foreach (var row in chunk)
                {
                    var purpose = SecondFactors.SealPurpose(row.UserId);
                    var opened = keys.Open(row.SealedSecret, purpose);
                    await SecondFactorStore.SealAgainAsync(tx, row, keys.Seal(opened, purpose));
                    CryptographicOperations.ZeroMemory(opened);
                }

                return true;
            });
            done += chunk.Length;
            say($"key_encryption_key: {done} of {older.Count} second factors are sealed again.");
        }
    }

    private Task<long> CountOlderRecoverableAsync() =>
        database.ReadAsync(connection => RecoverableSecretStore.CountOlderAsync(connection, keys.KeyEncryptionKeyVersion));

    /// <summary>There may be very many of these, so they are read a step at a time.</summary>
    private async Task SealRecoverableAgainAsync(Action<string> say)
    {
        var done = 0;
        while (true)
        {
            var older = await database.ReadAsync(connection =>
                RecoverableSecretStore.ListOlderAsync(connection, keys.KeyEncryptionKeyVersion, Step)
            );
            if (older.Count == 0)
            {
                return;
            }

            await database.WriteAsync(async tx =>
            {
                foreach (var row in older)
                {
                    var purpose = RecoverableSecrets.SealPurpose(row.CredentialId, row.Version);
                    var opened = keys.Open(row.Sealed, purpose);
                    await RecoverableSecretStore.SealAgainAsync(
                        tx,
                        new()
                        {
                            CredentialId = row.CredentialId,
                            Version = row.Version,
                            Sealed = keys.Seal(opened, purpose),
                        }
                    );
                    CryptographicOperations.ZeroMemory(opened);
                }

                return true;
            });
            done += older.Count;
            say($"key_encryption_key: {done} recoverable secrets are sealed again.");
        }
    }
}
