namespace Tokenry.Server.Core.Principals;

/// <summary>
/// The principals that count as a principal's own: itself, its applications and the applications of those. The line has at most
/// <see cref="PrincipalFacts.LongestLine"/> members. Code for reach, limits and lineage uses this definition, in C# and in SQL.
/// </summary>
public static class OwnerLine
{
    /// <summary>Whether a principal is <paramref name="top"/> itself or below it.</summary>
    /// <param name="top">The top of the line.</param>
    /// <param name="id">The principal.</param>
    /// <param name="ownerId">Its owner.</param>
    /// <param name="ownerOwnerId">The owner of its owner.</param>
    public static bool Includes(string top, string id, string? ownerId, string? ownerOwnerId) =>
        id == top || ownerId == top || ownerOwnerId == top;

    /// <summary>A SELECT of the ids of a principal and everything below it. One list of ids, because OR would keep planners from their index.</summary>
    /// <param name="top">The SQL parameter with its id.</param>
    public static string Of(string top) => $"SELECT {top} AS id UNION ALL {Below(top)}";

    /// <summary>The same without the principal itself.</summary>
    /// <inheritdoc cref="Of"/>
    public static string Below(string top) =>
        $"SELECT id FROM principals WHERE owner_id = {top} "
        + $"UNION ALL SELECT b.id FROM principals a JOIN principals b ON b.owner_id = a.id WHERE a.owner_id = {top}";
}
