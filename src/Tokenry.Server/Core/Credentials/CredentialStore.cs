using System.Data.Common;
using Dapper;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>SQL of the one table that serves every kind of credential.</summary>
public static class CredentialStore
{
    /// <summary>The version of a credential's first secret; each rotation increments it.</summary>
    public const long FirstVersion = 1;

    /// <summary>The most ids in one statement.</summary>
    internal const int MostIds = 400;

    /// <summary>Superseded secrets. They answer <c>revoked</c> until the purge, and <c>unknown</c> afterwards.</summary>
    public static readonly PurgeRule PurgeSecrets = new(
        "DELETE FROM credential_secrets WHERE (credential_id, version) IN (SELECT s.credential_id, s.version FROM credential_secrets s "
            + "WHERE s.expires_at < @before AND EXISTS (SELECT 1 FROM credential_secrets n "
            + "WHERE n.credential_id = s.credential_id AND n.version > s.version) LIMIT @step)",
        TimeSpan.FromDays(400)
    );

    /// <summary>What every change of a name or a date also sets; <c>@now</c> is the time of the change.</summary>
    private const string Revised = "revision = revision + 1, revised_at = @now";

    private const string InsertRow = """
        INSERT INTO credentials (id, kind, owner_id, organization_id, name, masked, permissions, created_at, created_by, created_with, expires_at, not_before,
          terms, material, key_id, due_at, state)
        VALUES (@Id, @Kind, @OwnerId, @ActsIn, @Name, @Masked, @Permissions, @CreatedAt, @CreatedBy, @CreatedWith, @ExpiresAt, @NotBefore, @StoredTerms,
          @Material, @KeyId, @DueAt, @State)
        """;

    /// <summary>A SELECT of the ids of all credentials that act in an organization. One list of ids, because OR would keep planners from their index.</summary>
    /// <param name="organization">The SQL parameter with its id.</param>
    public static string OfOrganization(string organization) =>
        $"SELECT id FROM credentials WHERE organization_id = {organization} "
        + $"UNION ALL SELECT k.id FROM principals a JOIN credentials k ON k.owner_id = a.id WHERE a.organization_id = {organization}";

    /// <summary>
    /// A SELECT of the ids of personal access tokens that name an organization among others. They act there only while their user is a member, so that it looks
    /// at the tokens of members alone.
    /// </summary>
    /// <param name="organization">The SQL parameter with its id.</param>
    /// <param name="mark">The SQL parameter with <see cref="StoredGrant.MarkOf"/>.</param>
    public static string Naming(string organization, string mark) =>
        "SELECT t.id FROM credentials t WHERE t.kind = 'personal_access_token' "
        + $"AND t.owner_id IN (SELECT principal_id FROM organization_members WHERE organization_id = {organization}) "
        + $"AND replace(t.permissions, {mark}, '') <> t.permissions"; // replace compares bytes on both engines; LIKE of SQLite ignores case

    /// <summary>A SELECT of the organization in which a credential acts; <c>NULL</c> = none.</summary>
    /// <param name="credential">The SQL expression with its id.</param>
    public static string OrganizationOf(string credential) =>
        $"SELECT coalesce(p.organization_id, c.organization_id) FROM credentials c JOIN principals p ON p.id = c.owner_id WHERE c.id = {credential}";

    public static Task<CredentialRow?> FindAsync(WriteTransaction tx, string id) =>
        tx.FirstOrDefaultAsync<CredentialRow>($"{CredentialRow.Select} WHERE c.id = @id{tx.Dialect.ForUpdate("c")}", new { id });

    public static Task<CredentialRow?> FindAsync(DbConnection connection, string id) =>
        connection.QueryFirstOrDefaultAsync<CredentialRow>($"{CredentialRow.Select} WHERE c.id = @id", new { id });

    /// <param name="tx">The transaction.</param>
    /// <param name="row">The credential.</param>
    /// <param name="secret">Its secret; <c>null</c> if its holder keeps the key.</param>
    /// <returns>How many unrevoked credentials its owner has.</returns>
    public static async Task<long> InsertAsync(WriteTransaction tx, CredentialRow row, MintedSecret? secret)
    {
        // In the same round trip. From here on a revocation that takes descendants waits for this transaction.
        await tx.ExecuteAsync(tx.Dialect.JoinMints + InsertRow, row);
        if (secret is not null)
        {
            await InsertSecretAsync(tx, row.Id, FirstVersion, secret, row.SigningPepperVersion);
        }
        else
        {
            tx.Changed(ChangeKind.ClientKeys, row.OwnerId);
        }

        if (row.ApprovalId is not null)
        {
            await ApprovalStore.InsertAsync(tx, row);
        }

        tx.Changed(ChangeKind.Credential, row.Id);
        return await CredentialCounts.AddAsync(tx, row.OwnerId);
    }

    /// <summary>
    /// How many of a kind a principal has registered that are neither revoked nor replaced by a renewal. The count stops at <paramref name="most"/>.
    /// </summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="ownerId">The principal.</param>
    /// <param name="kind">One of <see cref="Protocol.Api.CredentialKind"/>.</param>
    /// <param name="most">Where the count stops.</param>
    /// <param name="nameless">Whether to count only those without a name.</param>
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

    public static Task ReviseAsync(WriteTransaction tx, CredentialRow row, long now)
    {
        tx.Changed(ChangeKind.Credential, row.Id);
        return tx.ExecuteAsync(
            $"""
            UPDATE credentials SET name = @Name, permissions = @Permissions, expires_at = @ExpiresAt, not_before = @NotBefore, terms = @StoredTerms,
              due_told_days = CASE WHEN due_at = @DueAt THEN due_told_days END, due_at = @DueAt, {Revised} WHERE id = @Id
            """,
            new
            {
                row.Id,
                row.Name,
                row.Permissions,
                row.ExpiresAt,
                row.NotBefore,
                row.StoredTerms,
                row.DueAt,
                now,
            }
        );
    }

    /// <summary>Ends every older secret now, gives the current one its grace period and adds the new one: at most two are live.</summary>
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
            UPDATE credentials SET masked = @Masked, expires_at = @ExpiresAt, renewed_at = @Now, due_at = @DueAt, due_told_days = NULL, revision = revision + 1, revised_at = @Now,
              renewed_by = CASE WHEN @By = owner_id THEN coalesce(renewed_by, @By) ELSE @By END,
              tokens_since = CASE WHEN coalesce(tokens_since, 0) < @TokensSince THEN @TokensSince ELSE tokens_since END WHERE id = @Id
            """,
            parameters
        );
        tx.Changed(ChangeKind.Credential, rotation.Secret.Id);
        return parameters.Version + 1;
    }

    /// <summary>Ends every secret but the newest now; <c>false</c> if none of them works any more.</summary>
    public static async Task<bool> EndOverlapAsync(WriteTransaction tx, string id, long now)
    {
        var newest = await NewestVersionAsync(tx, id);
        if (
            await tx.ExecuteAsync(
                "UPDATE credential_secrets SET expires_at = @now WHERE credential_id = @id AND version < @newest AND expires_at > @now",
                new
                {
                    id,
                    newest,
                    now,
                }
            ) == 0
        )
        {
            return false;
        }

        tx.Changed(ChangeKind.Credential, id);
        return true;
    }

    /// <summary>Replaces the terms of a credential that the transaction has changed already.</summary>
    public static Task SetTermsAsync(WriteTransaction tx, CredentialRow row) =>
        tx.ExecuteAsync("UPDATE credentials SET terms = @StoredTerms WHERE id = @Id", row);

    /// <summary>
    /// The version of a credential's newest secret; 0 if it has none. It is a separate statement, because a statement that waited for the credential's row
    /// still sees other tables as they were before it waited.
    /// </summary>
    public static async Task<long> NewestVersionAsync(WriteTransaction tx, string id) =>
        await tx.FirstOrDefaultAsync<long?>("SELECT max(version) FROM credential_secrets WHERE credential_id = @id", new { id }) ?? 0;

    /// <summary>Changes an unrevoked credential between active and disabled; <c>false</c> if it is revoked.</summary>
    public static async Task<bool> SetDisabledAsync(WriteTransaction tx, string id, bool disabled)
    {
        tx.Changed(ChangeKind.Credential, id);
        return await tx.ExecuteAsync(
                "UPDATE credentials SET state = @state WHERE id = @id AND state <> 'revoked'",
                new { id, state = disabled ? "disabled" : "active" }
            ) == 1;
    }

    /// <summary>Ends the credential at that time, unless it ends earlier.</summary>
    public static Task EndAsync(WriteTransaction tx, CredentialRow row, long at, long now)
    {
        tx.Changed(ChangeKind.Credential, row.Id);
        return tx.ExecuteAsync(
            $"UPDATE credentials SET expires_at = @at, due_at = NULL, {Revised} WHERE id = @Id AND (expires_at IS NULL OR expires_at > @at)",
            new
            {
                row.Id,
                at,
                now,
            }
        );
    }

    /// <summary>Revokes it. Returns nothing if it was revoked before; it then keeps its first reason.</summary>
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

    /// <summary>A principal's unrevoked credentials: how many, and the first of them.</summary>
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

    /// <summary>Revokes every credential of a principal that was made before that time. The caller has locked the principal.</summary>
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

    /// <summary>
    /// Revokes the credentials that match; already revoked ones stay unchanged. The caller must change the counts, last (<see cref="CredentialCounts"/>).
    /// </summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="which">A condition.</param>
    /// <param name="parameters">Its parameters, <c>now</c> and <c>reason</c>.</param>
    internal static async Task<IReadOnlyList<RevokedCredential>> RevokeWhereAsync(WriteTransaction tx, string which, object parameters)
    {
        if (tx.Dialect.ForUpdate("credentials") is { Length: > 0 } locking)
        {
            // In one order, so that two revocations of the same credentials cannot deadlock.
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

        await RecoverableSecretStore.DeleteAsync(tx, revoked.Where(IsApiKey).Select(credential => credential.Id));
        foreach (var owner in revoked.Where(IsRegistered).Select(credential => credential.OwnerId).Distinct(StringComparer.Ordinal))
        {
            tx.Changed(ChangeKind.ClientKeys, owner);
        }

        return revoked;
    }

    private static bool IsApiKey(RevokedCredential credential) =>
        credential.Kind is Protocol.Api.CredentialKind.ApiKey or Protocol.Api.CredentialKind.AnonymousApiKey;

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
