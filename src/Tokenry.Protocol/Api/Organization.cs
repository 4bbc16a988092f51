namespace Tokenry.Protocol.Api;

/// <summary>A customer or a team. Its members have roles in it, and it may own applications.</summary>
public sealed record Organization
{
    /// <summary><c>org_…</c></summary>
    public required string Id { get; init; }

    /// <summary>A name for people.</summary>
    public required string Name { get; init; }

    /// <summary><c>false</c> = every check of a credential that acts in it answers <c>owner_disabled</c>.</summary>
    public required bool Enabled { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Body of <c>POST /v1/organizations</c>.</summary>
public sealed record OrganizationRequest
{
    /// <inheritdoc cref="Organization.Name"/>
    public required string Name { get; init; }
}

/// <summary>Body of <c>PATCH /v1/organizations/{id}</c>.</summary>
public sealed record OrganizationPatch
{
    /// <inheritdoc cref="Organization.Name"/>
    public Optional<string?> Name { get; init; }
}

/// <summary>A member of an organization.</summary>
public sealed record OrganizationMember
{
    /// <summary><c>usr_…</c> or <c>app_…</c></summary>
    public required string Id { get; init; }

    /// <summary><c>user</c> or <c>application</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The name of the user or application.</summary>
    public required string Name { get; init; }

    /// <summary>Ids of the roles that the member holds in this organization; at least one.</summary>
    public required IReadOnlyList<string> Roles { get; init; }
}

/// <summary>Body of <c>POST /v1/organizations/{id}/members</c>.</summary>
public sealed record OrganizationMemberRequest
{
    /// <summary>The id of an enabled user or application, or the e-mail address of a user.</summary>
    public required string Member { get; init; }

    /// <summary>Ids of the roles that the member gets in this organization, besides those it has there. Absent = <c>organization_member</c>.</summary>
    public IReadOnlyList<string>? Roles { get; init; }
}

/// <summary>Body of <c>PUT /v1/organizations/{id}/members/{member}</c>.</summary>
public sealed record OrganizationRolesRequest
{
    /// <summary>Ids of the roles that the member has in this organization from now on; at least one.</summary>
    public required IReadOnlyList<string> Roles { get; init; }
}

/// <summary>What a request changed in the roles of a member. A repeated request changes nothing: both lists are empty.</summary>
/// <param name="Member">The id of the member.</param>
/// <param name="Added">Ids of the roles that the member got.</param>
/// <param name="Removed">Ids of the roles that the member lost.</param>
public sealed record MembershipChange(string Member, IReadOnlyList<string> Added, IReadOnlyList<string> Removed);

/// <summary>
/// A personal access token of a member that names the organization among others. The organization sees what the token may do there, and nothing of what it may
/// do elsewhere.
/// </summary>
public sealed record MemberToken
{
    /// <summary><c>pat_…</c></summary>
    public required string Id { get; init; }

    /// <inheritdoc cref="Credential.Masked"/>
    public required string Masked { get; init; }

    /// <summary>The member.</summary>
    public required string UserId { get; init; }

    /// <summary>The upper limit of what it may do in the organization.</summary>
    public required IReadOnlyList<Permission> Permissions { get; init; }

    /// <inheritdoc cref="Credential.Objects"/>
    public IReadOnlyList<string>? Objects { get; init; }

    /// <inheritdoc cref="Credential.CreatedAt"/>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <inheritdoc cref="Credential.ExpiresAt"/>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <inheritdoc cref="Credential.State"/>
    public required string State { get; init; }
}
