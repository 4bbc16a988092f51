using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>One of a credential's secrets, newest first.</summary>
/// <param name="hash">HMAC(pepper, SHA-256(string)).</param>
/// <param name="pepperVersion">The version of that pepper.</param>
/// <param name="expiresAt">Unix ms from which it is superseded; <c>null</c> for the current one.</param>
public sealed class SecretFacts(byte[] hash, int pepperVersion, long? expiresAt)
{
    private byte[]? proven;

    public ReadOnlySpan<byte> Hash => hash;

    public int PepperVersion => pepperVersion;

    public long? ExpiresAt => expiresAt;

    /// <summary>Which of the credential's secrets it is.</summary>
    public long Version { get; init; }

    /// <summary>The pepper version that its signing key is derived from; <c>null</c> = no signing key (<see cref="RequestSigningKeys"/>).</summary>
    public int? SigningPepperVersion { get; init; }

    /// <summary>
    /// Whether this SHA-256 belongs to a string that matched before (<see cref="Remember"/>). Most of the cost of a comparison is the pepper's HMAC, which
    /// this avoids for a string that passed it.
    /// </summary>
    public bool IsProven(ReadOnlySpan<byte> sha256) => proven is { } known && SecretDigest.Equals(known, sha256);

    /// <summary>The SHA-256 of a string whose HMAC is <see cref="Hash"/>.</summary>
    public void Remember(ReadOnlySpan<byte> sha256) => proven = sha256.ToArray();
}

/// <summary>The facts that the server needs about a credential to decide. Immutable: a change makes new facts.</summary>
public sealed class CredentialFacts
{
    // Unix ms, 8 bytes instead of 24: up to 100,000 of these objects are cached.
    private readonly long expiresAt = long.MaxValue;
    private readonly long notBefore = long.MinValue;

    public required string Id { get; init; }

    public required string Kind { get; init; }

    public required string Name { get; init; }

    public required string Masked { get; init; }

    public required string OwnerId { get; init; }

    /// <summary>The organization it was made for; <c>null</c> also if it follows the application that an organization owns.</summary>
    public string? OrganizationId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary><c>null</c> = all the owner's rights at other APIs than the management API.</summary>
    public GrantSet? Permissions { get; init; }

    /// <summary>The terms: objects, networks, limits and signing.</summary>
    public TermFacts Terms { get; init; } = TermFacts.None;

    public bool Revoked { get; init; }

    public bool Disabled { get; init; }

    /// <summary>Whether it waits for an approval, and so gives no right yet.</summary>
    public bool IsPending { get; init; }

    public DateTimeOffset? ExpiresAt
    {
        get => expiresAt == long.MaxValue ? null : DateTimeOffset.FromUnixTimeMilliseconds(expiresAt);
        init => expiresAt = value?.ToUnixTimeMilliseconds() ?? long.MaxValue;
    }

    public DateTimeOffset? NotBefore
    {
        get => notBefore == long.MinValue ? null : DateTimeOffset.FromUnixTimeMilliseconds(notBefore);
        init => notBefore = value?.ToUnixTimeMilliseconds() ?? long.MinValue;
    }

    /// <summary>Unix ms: access tokens bought with it whose <c>jti</c> is older are refused (<see cref="TokenIds"/>); 0 = none is.</summary>
    public long TokensSince { get; init; }

    public required IReadOnlyList<SecretFacts> Secrets { get; init; }

    /// <summary>Length of the registered material, in characters as stored.</summary>
    public int MaterialLength { get; init; }

    /// <summary>For a public key.</summary>
    public VerificationKey? PublicKey { get; init; }

    /// <summary>For a certificate.</summary>
    public CertificateFacts? Certificate { get; init; }

    /// <summary>For a federated identity.</summary>
    public FederatedRule? Federated { get; init; }

    /// <summary>Whether a signed request can present it.</summary>
    public bool CanSign =>
        PublicKey is { Algorithm: JwsAlgorithms.Es256 } || Secrets.Any(secret => secret.SigningPepperVersion is not null);

    public bool IsAnonymous => Kind == CredentialKind.AnonymousApiKey;
}

/// <summary>
/// Credentials by public id. Registered ones (keys, certificates, other issuers' identities) have a cache of their own: each may be many times as large as an
/// API key's facts, and a client can have it loaded by naming it.
/// </summary>
public sealed class CredentialCache
{
    private const int MostOpaque = 100_000;

    /// <summary>KiB of registered material. Each started KiB takes about 5 KiB once it is ready for use.</summary>
    private const int MostRegistered = 16_384;

    /// <summary>A superseded secret answers <c>revoked</c> until it is purged. This bound holds even if the secret is rotated every day until then.</summary>
    private const int MostSecrets = 512;

    private readonly FactsCache<CredentialFacts> opaque;
    private readonly FactsCache<CredentialFacts> registered;

    public CredentialCache(Database database, ChangeHub hub, Freshness freshness)
    {
        opaque = new(id => LoadAsync(database, id), freshness, MostOpaque);
        registered = new(id => LoadAsync(database, id), freshness, MostRegistered, facts => 1 + facts.MaterialLength / 1024);
        hub.Subscribe(ChangeKind.Credential, id => Of(id).Invalidate(id), Clear);
    }

    public FactsCacheCounts Counts => opaque.Counts;

    /// <summary>For registered credentials.</summary>
    public FactsCacheCounts RegisteredCounts => registered.Counts;

    public ValueTask<CredentialFacts?> GetAsync(ReadOnlySpan<char> id) => Of(id).GetAsync(id);

    private FactsCache<CredentialFacts> Of(ReadOnlySpan<char> id) =>
        id is ['j', 'w', 'k', '_', ..] or ['c', 'r', 't', '_', ..] or ['f', 'e', 'd', '_', ..] ? registered : opaque;

    private void Clear()
    {
        opaque.Clear();
        registered.Clear();
    }

    private static Task<CredentialFacts?> LoadAsync(Database database, string id) =>
        database.ReadAsync(async connection =>
        {
            var row = await connection.QueryFirstOrDefaultAsync<Row>(
                "SELECT id, kind, name, masked, owner_id, organization_id, permissions, terms, state, created_at, expires_at, "
                    + "not_before, material, tokens_since, "
                    + "(SELECT v.state FROM approvals v WHERE v.credential_id = @id) AS approval_state FROM credentials WHERE id = @id",
                new { id }
            );
            if (row is null)
            {
                return null;
            }

            var secrets = await connection.QueryAsync<SecretRow>(
                "SELECT version, hash, pepper_version, signing_pepper_version, expires_at FROM credential_secrets WHERE credential_id = @id ORDER BY version DESC LIMIT @MostSecrets",
                new { id, MostSecrets }
            );
            return row.ToFacts([.. secrets.Select(secret => secret.ToFacts())]);
        });

    private sealed class SecretRow
    {
        public long Version { get; init; }

        public byte[] Hash { get; init; } = [];

        public long PepperVersion { get; init; }

        public long? SigningPepperVersion { get; init; }

        public long? ExpiresAt { get; init; }

        public SecretFacts ToFacts() =>
            new(Hash, (int)PepperVersion, ExpiresAt) { Version = Version, SigningPepperVersion = (int?)SigningPepperVersion };
    }

    private sealed class Row
    {
        public string Id { get; init; } = "";

        public string Kind { get; init; } = "";

        public string Name { get; init; } = "";

        public string Masked { get; init; } = "";

        public string OwnerId { get; init; } = "";

        public string? OrganizationId { get; init; }

        public string? Permissions { get; init; }

        public string? Terms { get; init; }

        public string State { get; init; } = "";

        public long CreatedAt { get; init; }

        public long? ExpiresAt { get; init; }

        public long? NotBefore { get; init; }

        public string? Material { get; init; }

        public long? TokensSince { get; init; }

        public string? ApprovalState { get; init; }

        public CredentialFacts ToFacts(IReadOnlyList<SecretFacts> secrets) =>
            new()
            {
                Id = Id,
                Kind = Kind,
                Name = Name,
                Masked = Masked,
                OwnerId = OwnerId,
                OrganizationId = OrganizationId,
                CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
                Permissions = GrantSet.OfNullable(Permissions),
                Terms = TermFacts.Of(Terms),
                Revoked = State == "revoked",
                Disabled = State == "disabled" && ApprovalState != Protocol.Api.ApprovalState.Pending,
                IsPending = State == "disabled" && ApprovalState == Protocol.Api.ApprovalState.Pending,
                ExpiresAt = ExpiresAt is { } end ? DateTimeOffset.FromUnixTimeMilliseconds(end) : null,
                NotBefore = NotBefore is { } start ? DateTimeOffset.FromUnixTimeMilliseconds(start) : null,
                Secrets = secrets,
                TokensSince = TokensSince ?? 0,
                MaterialLength = Material?.Length ?? 0,
                PublicKey = Kind == CredentialKind.PublicKey ? PublicKeyMaterial.Open(Id, Material!) : null,
                Certificate = Kind == CredentialKind.Certificate ? CertificateMaterial.Open(Material!) : null,
                Federated = Kind == CredentialKind.FederatedIdentity ? FederatedIdentityMaterial.Open(Id, Material!) : null,
            };
    }
}
