namespace Tokenry.Server.Core.Principals;

/// <summary>Which principals a list shows.</summary>
/// <param name="OwnOf">Only what that principal is or owns: how far the Gate let the caller.</param>
public sealed record PrincipalFilter(string? OwnOf)
{
    public string? Email { get; init; }

    /// <summary>Applications of that owner.</summary>
    public string? Owner { get; init; }

    /// <summary>Applications with an owner that bounds them (1) or does not (0).</summary>
    public long? OwnerBound { get; init; }

    /// <summary>As SQL; a condition that is not asked for is left out, since it would keep the planner from the index.</summary>
    internal string Conditions =>
        string.Concat(
            Email is null ? "" : " AND email = @Email",
            Owner is null ? "" : " AND owner_id = @Owner",
            OwnerBound is null ? "" : " AND owner_id IS NOT NULL AND owner_bound = @OwnerBound"
        );
}
