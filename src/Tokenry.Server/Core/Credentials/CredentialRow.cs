using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>A credential as stored, with its owner, its last use and the end of the previous secret's overlap.</summary>
public sealed record CredentialRow
{
    /// <summary>The one SELECT every reader of credentials starts with.</summary>
    public const string Select = Columns + " FROM credentials c LEFT JOIN approvals v ON v.credential_id = c.id " + OwnersAndUses;

    /// <summary>The same for readers of approvals: those credentials of which one was demanded.</summary>
    public const string SelectApproved = Columns + " FROM approvals v JOIN credentials c ON c.id = v.credential_id " + OwnersAndUses;

    private const string OwnersAndUses = "JOIN principals p ON p.id = c.owner_id LEFT JOIN credential_usage u ON u.credential_id = c.id";

    private const string Columns = """
        SELECT c.id, c.kind, c.owner_id, coalesce(p.organization_id, c.organization_id) AS organization_id,
          c.organization_id AS acts_in, p.type AS owner_type, p.owner_id AS owner_owner_id,
          (SELECT a.owner_id FROM principals a WHERE a.id = p.owner_id) AS top_owner_id, p.deleted_at AS owner_deleted_at, c.name, c.masked,
          c.permissions, c.created_at, c.created_by, c.created_with, c.renewed_from, c.superseded_by, c.expires_at, c.not_before, c.terms AS stored_terms, c.state, c.revoked_at,
          c.revoked_reason, c.material, c.key_id, v.id AS approval_id, v.state AS approval_state, v.demanded_by, v.justification, v.decided_at, v.decided_by,
          v.message AS decision_message, c.renewed_at, c.revision, u.last_used_at, u.ip AS last_used_ip,
          u.agent AS last_used_agent,
          (SELECT s.expires_at FROM credential_secrets s WHERE s.credential_id = c.id ORDER BY s.version DESC LIMIT 1 OFFSET 1) AS previous_expires_at,
          CASE WHEN u.previous_version = (SELECT max(s.version) - 1 FROM credential_secrets s WHERE s.credential_id = c.id) THEN u.previous_used_at END AS previous_used_at,
          u.previous_ip, u.previous_agent,
          (SELECT s.signing_pepper_version FROM credential_secrets s WHERE s.credential_id = c.id ORDER BY s.version DESC LIMIT 1) AS signing_pepper_version
        """;

    /// <summary>The state of a credential that waits for an approval.</summary>
    public const string PendingApproval = "pending_approval";

    private const long MillisecondsPerDay = 86_400_000;

    public string Id { get; init; } = "";

    public string Kind { get; init; } = "";

    public string OwnerId { get; init; } = "";

    public string OwnerType { get; init; } = "";

    /// <summary>For an owner that is an application: the user or application that registered it.</summary>
    public string? OwnerOwnerId { get; init; }

    /// <summary>If that owner is an application too: the user who registered it.</summary>
    public string? TopOwnerId { get; init; }

    public long? OwnerDeletedAt { get; init; }

    /// <summary>The organization in which it acts: the one that owns the application, or the one it was made for.</summary>
    public string? OrganizationId { get; init; }

    /// <summary>The organization it was made for, as stored; <c>null</c> also if it follows the application that an organization owns.</summary>
    public string? ActsIn { get; init; }

    public string Name { get; init; } = "";

    public string Masked { get; init; } = "";

    /// <summary>Its <see cref="GrantSet"/>; <c>null</c> if it has none of its own: it follows its owner, authenticates a client or is anonymous.</summary>
    public string? Permissions { get; init; }

    public long CreatedAt { get; init; }

    public string? CreatedBy { get; init; }

    /// <summary>The credential that minted it; <c>null</c> if the server made it, or a version that did not store this.</summary>
    public string? CreatedWith { get; init; }

    /// <summary>For a registered credential: the credential it replaced.</summary>
    public string? RenewedFrom { get; init; }

    /// <summary>For a registered credential: the credential that replaced it last.</summary>
    public string? SupersededBy { get; init; }

    public long? ExpiresAt { get; init; }

    public long? NotBefore { get; init; }

    /// <summary><see cref="Terms"/> as JSON.</summary>
    public string? StoredTerms { get; init; }

    /// <summary>Parsed on first use: lists show rows, but other readers need only a column or two.</summary>
    public CredentialTerms Terms
    {
        get => field ??= CredentialTerms.Read(StoredTerms);
        init
        {
            field = value;
            StoredTerms = value.Write();
        }
    }

    /// <summary>Its stored state: <c>active</c>, <c>disabled</c> or <c>revoked</c>. The other states follow from the time (<see cref="StateAt"/>).</summary>
    public string State { get; init; } = "";

    /// <summary>The approval that a policy demanded of it; <c>null</c> = none did.</summary>
    public string? ApprovalId { get; init; }

    /// <summary>What was decided: <c>pending</c>, <c>approved</c> or <c>denied</c>.</summary>
    public string? ApprovalState { get; init; }

    /// <summary>The owner of the policy that demanded it.</summary>
    public string? DemandedBy { get; init; }

    public string? Justification { get; init; }

    public long? DecidedAt { get; init; }

    public string? DecidedBy { get; init; }

    public string? DecisionMessage { get; init; }

    public long? RevokedAt { get; init; }

    public string? RevokedReason { get; init; }

    /// <summary>The material of a registered credential, as JSON.</summary>
    public string? Material { get; init; }

    /// <summary>Its name among its owner's.</summary>
    public string? KeyId { get; init; }

    /// <summary>When it got its current secret, if that is not its first.</summary>
    public long? RenewedAt { get; init; }

    /// <summary>How often its name, dates or terms changed.</summary>
    public long Revision { get; init; }

    /// <summary>The pepper version that the current secret's signing key is derived from; <c>null</c> = no signing key.</summary>
    public long? SigningPepperVersion { get; init; }

    public long? LastUsedAt { get; init; }

    public string? LastUsedIp { get; init; }

    public string? LastUsedAgent { get; init; }

    public long? PreviousExpiresAt { get; init; }

    /// <summary>The last use of the secret before the last rotation, since that rotation; <c>null</c> = none.</summary>
    public long? PreviousUsedAt { get; init; }

    public string? PreviousIp { get; init; }

    public string? PreviousAgent { get; init; }

    public DateTimeOffset? Expiry => Time(ExpiresAt);

    /// <summary>
    /// When its holder should have another (Unix ms). A personal access token is due only if its terms ask for it: its user sees it end and makes another.
    /// </summary>
    public long? DueAt
    {
        get
        {
            var old = Terms.RotateEveryDays is { } days ? (RenewedAt ?? CreatedAt) + days * MillisecondsPerDay : (long?)null;
            return Kind is CredentialKind.PersonalAccessToken or CredentialKind.AnonymousApiKey || ExpiresAt is null || old < ExpiresAt
                ? old
                : ExpiresAt;
        }
    }

    /// <summary>One of <see cref="Protocol.Api.RequestSigning"/>; <c>null</c> if it never signs with a secret of this server.</summary>
    public string? Signing =>
        Kind is not (CredentialKind.ApiKey or CredentialKind.AnonymousApiKey) ? null
        : SigningPepperVersion is null ? RequestSigning.None
        : Terms.RequestSigning == RequestSigning.Required ? RequestSigning.Required
        : RequestSigning.Optional;

    /// <summary>For an API key: whether the server keeps a sealed copy of its secret; <c>null</c> for other kinds.</summary>
    public bool? IsRecoverable => Kind is CredentialKind.ApiKey or CredentialKind.AnonymousApiKey ? Terms.Recoverable == true : null;

    /// <summary>The organizations in which it can act: the one that it was made for, or those that a personal access token names.</summary>
    public IEnumerable<string> Organizations =>
        OrganizationId is { } one ? [one] : GrantSet.OfNullable(Permissions)?.Organizations.Select(there => there.OrganizationId) ?? [];

    /// <summary>Whether it grows with its owner's rights.</summary>
    public bool FollowsOwner => Permissions is null && HasPermissions(Kind);

    /// <summary>Whether a credential of that kind has permissions of its own.</summary>
    public static bool HasPermissions(string kind) => kind is CredentialKind.ApiKey or CredentialKind.PersonalAccessToken;

    /// <summary>Whether it waits for an approval. Then it is stored as disabled.</summary>
    public bool IsPending => State == "disabled" && ApprovalState == Protocol.Api.ApprovalState.Pending;

    public string StateAt(long now) =>
        IsPending ? (ExpiresAt <= now ? "expired" : PendingApproval)
        : State != "active" ? State
        : ExpiresAt <= now ? "expired"
        : NotBefore > now ? "scheduled"
        : "active";

    /// <param name="catalog">Maps APIs to names.</param>
    /// <param name="now">Unix ms.</param>
    /// <param name="secret">The secret, if this is the answer that shows it.</param>
    /// <param name="signingKey">The key that signs requests, likewise.</param>
    public Credential ToCredential(
        Catalog catalog,
        long now,
        Protocol.Credentials.Secret? secret = null,
        Protocol.Credentials.Secret? signingKey = null
    )
    {
        var isClientSecret = Kind == CredentialKind.ClientSecret;
        return new Credential
        {
            Id = Id,
            Kind = Kind,
            Name = Name,
            Masked = Masked,
            Owner = new CredentialOwner(OwnerType, OwnerId),
            OrganizationId = OrganizationId,
            Permissions =
                FollowsOwner ? CredentialPermissions.Owner
                : GrantSet.OfNullable(Permissions) is { } grants ? new(grants.ToPermissions(catalog))
                : null,
            Organizations = GrantSet.OfNullable(Permissions)?.ToOrganizations(catalog),
            Objects = Terms.Objects,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            CreatedBy = CreatedBy,
            CreatedWith = CreatedWith,
            RenewedFrom = RenewedFrom,
            SupersededBy = SupersededBy,
            ExpiresAt = Expiry,
            NotBefore = Time(NotBefore),
            RotateEveryDays = Terms.RotateEveryDays,
            DueAt = Time(DueAt),
            AllowedIps = Terms.AllowedIps,
            RateLimits = Terms.RateLimits,
            Metadata = Terms.Metadata,
            State = StateAt(now),
            Approval = ApprovalAt(now),
            Weaknesses = FollowsOwner ? [CredentialWeakness.PermissionsFollowOwner] : [],
            RevokedAt = Time(RevokedAt),
            RevokedReason = RevokedReason,
            LastUsed = Time(LastUsedAt) is { } at ? new LastUse(at, LastUsedIp, LastUsedAgent) : null,
            PreviousExpiresAt = PreviousExpiresAt > now ? Time(PreviousExpiresAt) : null,
            PreviousLastUsed =
                PreviousExpiresAt > now && Time(PreviousUsedAt) is { } previous ? new LastUse(previous, PreviousIp, PreviousAgent) : null,
            PublicKey = Kind == CredentialKind.PublicKey ? JsonColumn.ReadNullable<RegisteredKey>(Material) : null,
            Certificate = Kind == CredentialKind.Certificate ? JsonColumn.ReadNullable<RegisteredCertificate>(Material) : null,
            FederatedIdentity = Kind == CredentialKind.FederatedIdentity ? JsonColumn.ReadNullable<FederatedIdentity>(Material) : null,
            RequestSigning = Signing,
            Recoverable = IsRecoverable,
            SigningKey = signingKey?.Reveal(),
            Token = isClientSecret ? null : secret?.Reveal(),
            ClientSecret = isClientSecret ? secret?.Reveal() : null,
        };
    }

    /// <summary>The approval that was demanded of it; <c>null</c> = none was.</summary>
    /// <param name="now">Unix ms.</param>
    public CredentialApproval? ApprovalAt(long now) =>
        ApprovalId is null
            ? null
            : new()
            {
                Id = ApprovalId,
                State = ApprovalStateAt(now),
                DemandedBy = DemandedBy!,
                Justification = Justification,
                DecidedAt = Time(DecidedAt),
                DecidedBy = DecidedBy,
                Message = DecisionMessage,
            };

    /// <summary>The same as the queue shows it, with the credential.</summary>
    /// <param name="catalog">Maps APIs to names.</param>
    /// <param name="now">Unix ms.</param>
    public Approval ToApproval(Catalog catalog, long now) =>
        new()
        {
            Id = ApprovalId!,
            State = ApprovalStateAt(now),
            DemandedBy = DemandedBy!,
            Justification = Justification,
            DecidedAt = Time(DecidedAt),
            DecidedBy = DecidedBy,
            Message = DecisionMessage,
            RequestedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            RequestedBy = CreatedBy,
            Credential = ToCredential(catalog, now),
        };

    private string ApprovalStateAt(long now) =>
        ApprovalState != Protocol.Api.ApprovalState.Pending ? ApprovalState!
        : State == "revoked" ? Protocol.Api.ApprovalState.Withdrawn
        : ExpiresAt <= now ? Protocol.Api.ApprovalState.Expired
        : Protocol.Api.ApprovalState.Pending;

    private static DateTimeOffset? Time(long? milliseconds) => milliseconds is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null;
}
