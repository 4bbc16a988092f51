using System.Data.Common;
using Dapper;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>SQL of the one table that serves every kind of credential.</summary>
public static class CredentialStore
{
    /// <summary>Of a credential's first secret; rotations count on.</summary>
    public const long FirstVersion = 1;

    /// <summary>How many ids a statement names.</summary>
    internal const int MostIds = 400;

    /// <summary>Superseded secrets. They answer <c>revoked</c> until then, and <c>unknown</c> afterwards.</summary>
    public static readonly PurgeRule PurgeSecrets = new(
        "DELETE FROM credential_secrets WHERE (credential_id, version) IN (SELECT s.credential_id, s.version FROM credential_secrets s "
            + "WHERE s.expires_at < @before AND EXISTS (SELECT 1 FROM credential_secrets n "
            + "WHERE n.credential_id = s.credential_id AND n.version > s.version) LIMIT @step)",
        TimeSpan.FromDays(400)
    );

    private const string InsertRow = """
        INSERT INTO credentials (id, kind, owner_id, name, masked, permissions, created_at, created_by, created_with, expires_at, not_before,
          terms, material, key_id, due_at, state)
        VALUES (@Id, @Kind, @OwnerId, @Name, @Masked, @Permissions, @CreatedAt, @CreatedBy, @CreatedWith, @ExpiresAt, @NotBefore, @StoredTerms,
          @Material, @KeyId, @DueAt, 'active')
        """;

    public static Task<CredentialRow?> FindAsync(WriteTransaction tx, string id) =>
        tx.FirstOrDefaultAsync<CredentialRow>($"{CredentialRow.Select} WHERE c.id = @id{tx.Dialect.ForUpdate("c")}", new { id });

    public static Task<CredentialRow?> FindAsync(DbConnection connection, string id) =>
        connection.QueryFirstOrDefaultAsync<CredentialRow>($"{CredentialRow.Select} WHERE c.id = @id", new { id });

    /// <param name="tx">The transaction.</param>
    /// <param name="row">The credential.</param>
    /// <param name="secret">Its secret; <c>null</c> where what proves it is its holder's.</param>
    /// <returns>How many its owner has that are not revoked.</returns>
    public static async Task<long> InsertAsync(WriteTransaction tx, CredentialRow row, MintedSecret? secret)
    {
        // Said in the same round trip: from here on a revocation that takes descendants waits for this one.
        await tx.ExecuteAsync(tx.Dialect.JoinMints + InsertRow, row);
        if (secret is not null)
        {
            await InsertSecretAsync(tx, row.Id, FirstVersion, secret, row.SigningPepperVersion);
        }
        else
        {
            tx.Changed(ChangeKind.ClientKeys, row.OwnerId);
        }

        tx.Changed(ChangeKind.Credential, row.Id);
        return await CredentialCounts.AddAsync(tx, row.OwnerId);
    }

    /// <summary>How many of a kind a principal has registered that are neither revoked nor replaced by a renewal; counted to <paramref name="most"/> only.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="ownerId">The principal.</param>
    /// <param name="kind">Of <see cref="Protocol.Api.CredentialKind"/>.</param>
    /// <param name="most">Where counting ends.</param>
    /// <param name="nameless">Whether only those that go by no name are counted.</param>
    public static Task<long> CountRegisteredAsync(WriteTransaction tx, string ownerId, string kind, int most, bool nameless = false) =>
        tx.FirstOrDefaultAsync<long>(
            $"""
            SELECT count(*) FROM (SELECT 1 FROM credentials WHERE owner_id = @ownerId AND kind = @kind AND material IS NOT NULL AND state <> 'revoked'
              AND superseded_by IS NULL{(nameless ? " AND key_id IS NULL" : "")} LIMIT @most) AS counted
            """,
            new
            {
                ownerId,
                kind,
                most,
            }
        );

    public static Task ReviseAsync(WriteTransaction tx, CredentialRow row)
    {
        tx.Changed(ChangeKind.Credential, row.Id);
        return tx.ExecuteAsync(
            """
            UPDATE credentials SET name = @Name, permissions = @Permissions, expires_at = @ExpiresAt, not_before = @NotBefore, terms = @StoredTerms,
              due_told_days = CASE WHEN due_at = @DueAt THEN due_told_days END, due_at = @DueAt WHERE id = @Id
            """,
            row
        );
    }

    /// <summary>Ends every older secret now, gives the current one its grace and adds the new one: at most two are live.</summary>
    /// <returns>The new secret's version.</returns>
    public static async Task<long> RotateAsync(WriteTransaction tx, Rotation rotation)
    {
        var parameters = new
        {
            rotation.Secret.Id,
            rotation.Secret.Masked,
            Version = rotation.Newest,
            rotation.By,
            rotation.Now,
            rotation.GraceEnd,
            rotation.ExpiresAt,
            rotation.DueAt,
            TokensSince = rotation.TokensSince ?? 0,
        };
        await tx.ExecuteAsync(
            "UPDATE credential_secrets SET expires_at = @Now WHERE credential_id = @Id AND version < @Version AND expires_at > @Now",
            parameters
        );
        await tx.ExecuteAsync(
            "UPDATE credential_secrets SET expires_at = @GraceEnd WHERE credential_id = @Id AND version = @Version",
            parameters
        );
        await InsertSecretAsync(
            tx,
            rotation.Secret.Id,
            parameters.Version + 1,
            rotation.Secret,
            rotation.Signs ? rotation.Secret.PepperVersion : null
        );
        await tx.ExecuteAsync(
            """
            UPDATE credentials SET masked = @Masked, expires_at = @ExpiresAt, renewed_at = @Now, due_at = @DueAt, due_told_days = NULL,
              renewed_by = CASE WHEN @By = owner_id THEN coalesce(renewed_by, @By) ELSE @By END,
              tokens_since = CASE WHEN coalesce(tokens_since, 0) < @TokensSince THEN @TokensSince ELSE tokens_since END WHERE id = @Id
            """,
            parameters
        );
        tx.Changed(ChangeKind.Credential, rotation.Secret.Id);
        return parameters.Version + 1;
    }

    /// <summary>
    /// Which of a credential's secrets is the newest; 0 for one that has none. A statement of its own: the one that waited for the credential's row sees of
    /// other tables what there was before it waited.
    /// </summary>
    public static async Task<long> NewestVersionAsync(WriteTransaction tx, string id) =>
        await tx.FirstOrDefaultAsync<long?>("SELECT max(version) FROM credential_secrets WHERE credential_id = @id", new { id }) ?? 0;

    /// <summary>Moves an unrevoked credential between active and disabled; <c>false</c> where it is revoked.</summary>
    public static async Task<bool> SetDisabledAsync(WriteTransaction tx, string id, bool disabled)
    {
        tx.Changed(ChangeKind.Credential, id);
        return await tx.ExecuteAsync(
                "UPDATE credentials SET state = @state WHERE id = @id AND state <> 'revoked'",
                new { id, state = disabled ? "disabled" : "active" }
            ) == 1;
    }

    /// <summary>Has it end then, if it does not before.</summary>
    public static Task EndAsync(WriteTransaction tx, CredentialRow row, long at)
    {
        tx.Changed(ChangeKind.Credential, row.Id);
        return tx.ExecuteAsync(
            "UPDATE credentials SET expires_at = @at, due_at = NULL WHERE id = @Id AND (expires_at IS NULL OR expires_at > @at)",
            new { row.Id, at }
        );
    }

    /// <summary>Ends it for good; none where it was revoked before, which keeps its first reason.</summary>
    public static Task<IReadOnlyList<RevokedCredential>> RevokeAsync(WriteTransaction tx, string id, long now, string? reason) =>
        RevokeLockedAsync(
            tx,
            "id = @id",
            new
            {
                id,
                now,
                reason,
            }
        );

    /// <summary>What a principal owns that is not revoked: how many, and the first of them.</summary>
    public static async Task<(long Count, IReadOnlyList<CredentialRow> First)> LiveOfAsync(WriteTransaction tx, string ownerId, int most) =>
        (
            await tx.FirstOrDefaultAsync<long>(
                "SELECT count(*) FROM credentials WHERE owner_id = @ownerId AND state <> 'revoked'",
                new { ownerId }
            ),
            await tx.QueryAsync<CredentialRow>(
                $"{CredentialRow.Select} WHERE c.owner_id = @ownerId AND c.state <> 'revoked' ORDER BY c.id LIMIT @most",
                new { ownerId, most }
            )
        );

    /// <summary>Ends everything of a principal that was made before then. The caller has locked the principal.</summary>
    public static async Task<IReadOnlyList<RevokedCredential>> RevokeAllOfAsync(
        WriteTransaction tx,
        string ownerId,
        long now,
        string reason,
        long before = long.MaxValue
    )
    {
        await LineageStore.HoldMintsAsync(tx);
        var revoked = await RevokeWhereAsync(
            tx,
            "owner_id = @ownerId AND created_at < @before",
            new
            {
                ownerId,
                now,
                reason,
                before,
            }
        );
        await CredentialCounts.RemoveAsync(tx, revoked);
        return revoked;
    }

    /// <summary>Those that are revoked already stay as they are. The counts are the caller's to change, last (<see cref="CredentialCounts"/>).</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="which">A condition.</param>
    /// <param name="parameters">Its parameters, <c>now</c> and <c>reason</c>.</param>
    internal static async Task<IReadOnlyList<RevokedCredential>> RevokeWhereAsync(WriteTransaction tx, string which, object parameters)
    {
        if (tx.Dialect.ForUpdate("credentials") is { Length: > 0 } locking)
        {
            // Two that revoke some of the same wait for each other in one order.
            await tx.ExecuteAsync($"SELECT 1 FROM credentials WHERE state <> 'revoked' AND {which} ORDER BY id{locking}", parameters);
        }

        return await RevokeLockedAsync(tx, which, parameters);
    }

    private static async Task<IReadOnlyList<RevokedCredential>> RevokeLockedAsync(WriteTransaction tx, string which, object parameters)
    {
        var revoked = await tx.QueryAsync<RevokedCredential>(
            "UPDATE credentials SET state = 'revoked', revoked_at = @now, revoked_reason = @reason "
                + $"WHERE state <> 'revoked' AND {which} RETURNING id, kind, owner_id",
            parameters
        );
        foreach (var credential in revoked)
        {
            tx.Changed(ChangeKind.Credential, credential.Id);
        }

        foreach (var owner in revoked.Where(IsRegistered).Select(credential => credential.OwnerId).Distinct(StringComparer.Ordinal))
        {
            tx.Changed(ChangeKind.ClientKeys, owner);
        }

        return revoked;
    }

    private static bool IsRegistered(RevokedCredential credential) =>
        credential.Kind
            is Protocol.Api.CredentialKind.PublicKey
                or Protocol.Api.CredentialKind.Certificate
                or Protocol.Api.CredentialKind.FederatedIdentity;

    private static Task InsertSecretAsync(WriteTransaction tx, string id, long version, MintedSecret secret, long? signingPepperVersion) =>
        tx.ExecuteAsync(
            """
            INSERT INTO credential_secrets (credential_id, version, hash, pepper_version, signing_pepper_version)
            VALUES (@id, @version, @Hash, @pepperVersion, @signingPepperVersion)
            """,
            new
            {
                id,
                version,
                secret.Hash,
                pepperVersion = (long)secret.PepperVersion,
                signingPepperVersion,
            }
        );
}
