namespace Tokenry.Server.Core.Principals;

/// <summary>The principals that a list shows.</summary>
/// <param name="Reach">How far the Gate lets the caller.</param>
public sealed record PrincipalFilter(Reach Reach)
{
    public string? Email { get; init; }

    /// <summary>Applications of that owner.</summary>
    public string? Owner { get; init; }

    /// <summary>Applications of that organization.</summary>
    public string? Organization { get; init; }

    /// <summary>Those that have that role, on the whole server, in an organization or on objects.</summary>
    public string? Role { get; init; }

    /// <summary>Applications with an owner that bounds them (1) or does not (0).</summary>
    public long? OwnerBound { get; init; }

    /// <summary>As SQL. Unused conditions are left out, because they would keep the planner from the index.</summary>
    internal string Conditions =>
        string.Concat(
            Email is null ? "" : " AND email = @Email",
            Owner is null ? "" : " AND owner_id = @Owner",
            (Reach.Organization ?? Organization) is null ? "" : " AND organization_id = @Organization",
            Role is null
                ? ""
                : " AND id IN (SELECT principal_id FROM principal_roles WHERE role_id = @Role "
                    + "UNION SELECT principal_id FROM organization_members WHERE role_id = @Role "
                    + "UNION SELECT principal_id FROM object_roles WHERE role_id = @Role)",
            OwnerBound is null ? "" : " AND owner_id IS NOT NULL AND owner_bound = @OwnerBound"
        );
}
