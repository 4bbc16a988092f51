using System.Data.Common;
using Dapper;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Credentials;

/// <summary>SQL of the one table that serves every kind of credential.</summary>
public static class CredentialStore
{
    /// <summary>Of a credential's first secret; rotations count on.</summary>
    public const long FirstVersion = 1;

    public static Task<CredentialRow?> FindAsync(WriteTransaction tx, string id) =>
        tx.FirstOrDefaultAsync<CredentialRow>($"{CredentialRow.Select} WHERE c.id = @id{tx.Dialect.ForUpdate("c")}", new { id });

    public static Task<CredentialRow?> FindAsync(DbConnection connection, string id) =>
        connection.QueryFirstOrDefaultAsync<CredentialRow>($"{CredentialRow.Select} WHERE c.id = @id", new { id });

    /// <param name="tx">The transaction.</param>
    /// <param name="row">The credential.</param>
    /// <param name="secret">Its secret; <c>null</c> where what proves it is its holder's.</param>
    public static async Task InsertAsync(WriteTransaction tx, CredentialRow row, MintedSecret? secret)
    {
        await tx.ExecuteAsync(
            """
            INSERT INTO credentials (id, kind, owner_id, name, masked, permissions, objects, created_at, created_by, expires_at, not_before,
              allowed_ips, rate_limits, metadata, material, key_id, requires_signature, rotate_every_days, due_at, state)
            VALUES (@Id, @Kind, @OwnerId, @Name, @Masked, @Permissions, @Objects, @CreatedAt, @CreatedBy, @ExpiresAt, @NotBefore, @AllowedIps,
              @RateLimits, @Metadata, @Material, @KeyId, @RequiresSignature, @RotateEveryDays, @DueAt, 'active')
            """,
            row
        );
        if (secret is not null)
        {
            await InsertSecretAsync(tx, row.Id, FirstVersion, secret, row.SigningPepperVersion);
        }
        else
        {
            tx.Changed(ChangeKind.ClientKeys, row.OwnerId);
        }

        tx.Changed(ChangeKind.Credential, row.Id);
    }

    /// <summary>How many of a kind that are not revoked a principal owns.</summary>
    public static Task<long> CountAsync(WriteTransaction tx, string ownerId, string kind) =>
        tx.FirstOrDefaultAsync<long>(
            "SELECT count(*) FROM credentials WHERE owner_id = @ownerId AND kind = @kind AND state <> 'revoked'",
            new { ownerId, kind }
        );

    public static Task ReviseAsync(WriteTransaction tx, CredentialRow row)
    {
        tx.Changed(ChangeKind.Credential, row.Id);
        return tx.ExecuteAsync(
            """
            UPDATE credentials SET name = @Name, permissions = @Permissions, objects = @Objects, expires_at = @ExpiresAt,
              not_before = @NotBefore, allowed_ips = @AllowedIps, rate_limits = @RateLimits, metadata = @Metadata,
              requires_signature = @RequiresSignature, rotate_every_days = @RotateEveryDays,
              due_told_days = CASE WHEN due_at = @DueAt THEN due_told_days END, due_at = @DueAt WHERE id = @Id
            """,
            row
        );
    }

    /// <summary>Ends every older secret now, gives the current one its grace and adds the new one: at most two are live.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="id">The credential.</param>
    /// <param name="graceEnd">Unix ms at which the secret that is replaced ends.</param>
    /// <param name="now">Unix ms.</param>
    /// <param name="secret">The new secret.</param>
    /// <param name="signs">Whether it has a signing key.</param>
    /// <param name="expiresAt">The credential's expiry from now on.</param>
    /// <param name="dueAt">When it is due from now on.</param>
    /// <returns>The new secret's version.</returns>
    public static async Task<long> RotateAsync(
        WriteTransaction tx,
        string id,
        long graceEnd,
        long now,
        MintedSecret secret,
        bool signs,
        long? expiresAt,
        long? dueAt
    )
    {
        var version =
            await tx.FirstOrDefaultAsync<long?>("SELECT max(version) FROM credential_secrets WHERE credential_id = @id", new { id }) ?? 0;
        await tx.ExecuteAsync(
            "UPDATE credential_secrets SET expires_at = @now WHERE credential_id = @id AND version < @version AND expires_at > @now",
            new
            {
                id,
                version,
                now,
            }
        );
        await tx.ExecuteAsync(
            "UPDATE credential_secrets SET expires_at = @graceEnd WHERE credential_id = @id AND version = @version",
            new
            {
                id,
                version,
                graceEnd,
            }
        );
        await InsertSecretAsync(tx, id, version + 1, secret, signs ? secret.PepperVersion : null);
        await tx.ExecuteAsync(
            "UPDATE credentials SET masked = @Masked, expires_at = @expiresAt, renewed_at = @now, due_at = @dueAt, due_told_days = NULL WHERE id = @id",
            new
            {
                id,
                secret.Masked,
                expiresAt,
                now,
                dueAt,
            }
        );
        tx.Changed(ChangeKind.Credential, id);
        return version + 1;
    }

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

    /// <summary>Ends it for good; <c>false</c> where it was revoked before, which keeps its first reason.</summary>
    public static async Task<bool> RevokeAsync(WriteTransaction tx, string id, long now, string? reason)
    {
        tx.Changed(ChangeKind.Credential, id);
        return await tx.ExecuteAsync(
                "UPDATE credentials SET state = 'revoked', revoked_at = @now, revoked_reason = @reason WHERE id = @id AND state <> 'revoked'",
                new
                {
                    id,
                    now,
                    reason,
                }
            ) == 1;
    }

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

    /// <summary>Ends everything a principal owns, when it is deleted.</summary>
    public static async Task RevokeAllOfAsync(WriteTransaction tx, string ownerId, long now, string reason)
    {
        var ids = await tx.QueryAsync<string>(
            "UPDATE credentials SET state = 'revoked', revoked_at = @now, revoked_reason = @reason "
                + "WHERE owner_id = @ownerId AND state <> 'revoked' RETURNING id",
            new
            {
                ownerId,
                now,
                reason,
            }
        );
        foreach (var id in ids)
        {
            tx.Changed(ChangeKind.Credential, id);
        }
    }

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
