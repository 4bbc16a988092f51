using System.Data.Common;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>SQL of the sealed copies of secrets, and of the principals to which secrets were revealed.</summary>
public static class RecoverableSecretStore
{
    private const string Select = "SELECT credential_id, version, sealed FROM recoverable_secrets";

    /// <summary>The copy of a credential's secret; <c>null</c> = none.</summary>
    public static Task<RecoverableSecretRow?> FindAsync(StoreReader store, string credentialId) =>
        store.FirstOrDefaultAsync<RecoverableSecretRow>($"{Select} WHERE credential_id = @credentialId", new { credentialId });

    /// <summary>Copies that are sealed under an older version of the key-encryption key.</summary>
    /// <param name="connection">Reads them.</param>
    /// <param name="version">The version in use.</param>
    /// <param name="limit">How many.</param>
    public static Task<IReadOnlyList<RecoverableSecretRow>> ListOlderAsync(DbConnection connection, long version, int limit) =>
        ((StoreReader)connection).QueryAsync<RecoverableSecretRow>(
            $"{Select} WHERE sealed_under < @version ORDER BY sealed_under, credential_id LIMIT @limit",
            new { version, limit }
        );

    /// <summary>How many those are.</summary>
    public static Task<long> CountOlderAsync(DbConnection connection, long version) =>
        ((StoreReader)connection).FirstOrDefaultAsync<long>(
            "SELECT count(*) FROM recoverable_secrets WHERE sealed_under < @version",
            new { version }
        );

    public static Task KeepAsync(WriteTransaction tx, RecoverableSecretRow row) =>
        tx.ExecuteAsync(
            """
            INSERT INTO recoverable_secrets (credential_id, version, sealed, sealed_under) VALUES (@CredentialId, @Version, @Sealed, @SealedUnder)
            ON CONFLICT (credential_id) DO UPDATE SET version = excluded.version, sealed = excluded.sealed, sealed_under = excluded.sealed_under
            """,
            row
        );

    /// <summary>Replaces a copy by one under another key, unless a rotation replaced it meanwhile.</summary>
    public static Task SealAgainAsync(WriteTransaction tx, RecoverableSecretRow row) =>
        tx.ExecuteAsync(
            "UPDATE recoverable_secrets SET sealed = @Sealed, sealed_under = @SealedUnder WHERE credential_id = @CredentialId AND version = @Version",
            row
        );

    /// <summary>Deletes the copies of credentials' secrets.</summary>
    public static async Task DeleteAsync(WriteTransaction tx, IEnumerable<string> credentialIds)
    {
        foreach (var ids in credentialIds.Chunk(CredentialStore.MostIds))
        {
            await tx.ExecuteAsync($"DELETE FROM recoverable_secrets WHERE {tx.Dialect.In("credential_id", "@ids")}", new { ids });
        }
    }

    /// <summary>Notes that a principal has seen the secret of a credential.</summary>
    public static Task NoteRevealAsync(WriteTransaction tx, string principalId, string credentialId) =>
        tx.ExecuteAsync(
            "INSERT INTO credential_reveals (principal_id, credential_id) VALUES (@principalId, @credentialId) ON CONFLICT DO NOTHING",
            new { principalId, credentialId }
        );
}

/// <summary>A sealed copy as stored. A class and not a record: a record would print it.</summary>
public sealed class RecoverableSecretRow
{
    public string CredentialId { get; init; } = "";

    /// <summary>Which of the credential's secrets it is.</summary>
    public long Version { get; init; }

    public byte[] Sealed { get; init; } = [];

    /// <summary>The version of the key-encryption key.</summary>
    public long SealedUnder => KeyRing.VersionOf(Sealed);
}
