using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Principals;

/// <summary>A user or application as stored. General reads leave the password's hash out.</summary>
public sealed class PrincipalRow
{
    public const string Columns =
        "id, type, name, email, owner_id, owner_bound, enabled, permissions, rate_limits, client, created_at, deleted_at, tokens_since, "
        + "organization_id, (SELECT g.enabled FROM organizations g WHERE g.id = principals.organization_id) AS organization_enabled, "
        + "(SELECT count(*) FROM second_factors f WHERE f.user_id = principals.id AND f.confirmed_at IS NOT NULL) AS second_factor, "
        + "(SELECT count(*) FROM passkeys k WHERE k.user_id = principals.id) AS passkeys, "
        + "(SELECT o.owner_id FROM principals o WHERE o.id = principals.owner_id) AS owner_owner_id";

    public string Id { get; init; } = "";

    public string Type { get; init; } = "";

    public string Name { get; init; } = "";

    public string? Email { get; init; }

    public string? OwnerId { get; init; }

    /// <summary>The owner of its owner, if the owner is an application.</summary>
    public string? OwnerOwnerId { get; init; }

    /// <summary>For an application: the organization that owns it.</summary>
    public string? OrganizationId { get; init; }

    public long? OrganizationEnabled { get; init; }

    /// <summary>For an application with an owner: 0 if it had more rights than its owner at an upgrade; it keeps them until it is transferred.</summary>
    public long OwnerBound { get; init; } = 1;

    public long Enabled { get; init; }

    /// <summary>For an application: its permissions beside its roles, a <see cref="GrantSet"/>; <c>null</c> = none.</summary>
    public string? Permissions { get; init; }

    /// <summary>For an application.</summary>
    public string? RateLimits { get; init; }

    /// <summary>For an application: <see cref="ClientSettings"/>.</summary>
    public string? Client { get; init; }

    public long CreatedAt { get; init; }

    public long? DeletedAt { get; init; }

    public long? TokensSince { get; init; }

    /// <summary>For a user: 1 if sign-in asks for a code after the password.</summary>
    public long SecondFactor { get; init; }

    /// <summary>For a user: how many passkeys there are.</summary>
    public long Passkeys { get; init; }

    /// <summary>A user's record.</summary>
    public User ToUser(IEnumerable<string> roles) =>
        new()
        {
            Id = Id,
            Email = Email,
            Name = Name,
            Roles = [.. roles],
            Enabled = Enabled == 1,
            SecondFactor = SecondFactor > 0,
            Passkeys = Passkeys,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
        };

    /// <summary>An application's record.</summary>
    public Application ToApplication(Catalog catalog, IEnumerable<string> roles)
    {
        var client = ClientSettings.Read(Client);
        return new()
        {
            Id = Id,
            Name = Name,
            Roles = [.. roles],
            Permissions = GrantSet.OfNullable(Permissions)?.ToPermissions(catalog) ?? [],
            Enabled = Enabled == 1,
            OwnerId = OwnerId,
            OrganizationId = OrganizationId,
            OwnerBound = OwnerId is null ? null : OwnerBound == 1,
            Weaknesses = this is { OwnerId: not null, OwnerBound: 0 } ? [ApplicationWeakness.NotOwnerBound] : [],
            RateLimits = JsonColumn.ReadNullable<IReadOnlyList<RateLimit>>(RateLimits),
            TokenEndpointAuthMethods = client.Methods,
            AcceptsUntypedAssertions = client.AcceptsUntypedAssertions,
            Assertions = client.CompatibleAssertions ? AssertionPolicy.Compatible : AssertionPolicy.Strict,
            DpopBoundAccessTokens = client.DpopBound,
            TlsClientCertificateBoundAccessTokens = client.CertificateBound,
            TokenExchangeAudiences = client.ExchangeAudiences,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
        };
    }

    /// <summary>Its own facts. A caller that knows the owner's facts adds them (<see cref="PrincipalFacts.Under"/>).</summary>
    public PrincipalFacts ToFacts(HeldRoles held) =>
        new()
        {
            Id = Id,
            Type = Type,
            Name = Name,
            Active = Enabled == 1 && DeletedAt is null,
            OwnerId = OwnerId,
            OwnerOwnerId = OwnerOwnerId,
            IsOwnerBound = OwnerId is not null && OwnerBound == 1,
            Permissions = GrantSet.OfNullable(Permissions),
            RoleIds = held.RoleIds,
            Memberships = held.Memberships,
            ObjectRoles = held.OnObjects,
            Home = OrganizationId is null ? null : new(OrganizationId, OrganizationEnabled == 1),
            RateLimits = UseLimit.Read(RateLimits),
            Client = ClientSettings.Read(Client),
            TokensSince = TokensSince ?? 0,
        };
}
