namespace Tokenry.Protocol.Api;

/// <summary>A named set of (API resource, scope), given to users and applications.</summary>
public sealed record Role
{
    /// <summary><c>rol_…</c></summary>
    public required string Id { get; init; }

    /// <summary>Unique, at most 200 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Text for the person who assigns it.</summary>
    public string? Description { get; init; }

    /// <summary>Built-in roles can be assigned but neither edited nor deleted.</summary>
    public required bool BuiltIn { get; init; }

    /// <summary>What the role allows.</summary>
    public required IReadOnlyList<Permission> Permissions { get; init; }

    /// <summary>
    /// Whether every user sees its name and description, and may ask for it. Built-in roles are, but <c>member</c>, which every user has.
    /// </summary>
    public bool Requestable { get; init; }

    /// <summary>When it was created; absent for built-in roles.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>Body of <c>POST /v1/roles</c>.</summary>
public sealed record RoleRequest
{
    /// <inheritdoc cref="Role.Name"/>
    public required string Name { get; init; }

    /// <inheritdoc cref="Role.Description"/>
    public string? Description { get; init; }

    /// <inheritdoc cref="Role.Permissions"/>
    public IReadOnlyList<Permission>? Permissions { get; init; }

    /// <summary>Whether every user sees its name and description, and may ask for it; without it, no.</summary>
    public bool? Requestable { get; init; }
}

/// <summary>Body of <c>PATCH /v1/roles/{id}</c>.</summary>
public sealed record RolePatch
{
    /// <inheritdoc cref="Role.Name"/>
    public Optional<string?> Name { get; init; }

    /// <inheritdoc cref="Role.Description"/>
    public Optional<string?> Description { get; init; }

    /// <inheritdoc cref="Role.Permissions"/>
    public Optional<IReadOnlyList<Permission>?> Permissions { get; init; }

    /// <inheritdoc cref="Role.Requestable"/>
    public Optional<bool?> Requestable { get; init; }
}
