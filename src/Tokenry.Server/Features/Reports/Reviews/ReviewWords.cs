using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;

namespace Tokenry.Server.Features.Reports.Reviews;

/// <summary>Permissions in words, as reports have them on paper and in CSV.</summary>
internal static class ReviewWords
{
    /// <summary>
    /// What a credential may do, in each organization that it names too; <c>owner</c> = what its owner may; <c>null</c> = it has no permissions of its own.
    /// </summary>
    public static string? Of(Credential credential) =>
        credential.Permissions is not { } permissions ? null
        : permissions.Named is not { } named ? "owner"
        : string.Join(
            "; ",
            (credential.Organizations ?? [])
                .Select(there => $"{there.Id}: {Of(there.Permissions)}")
                .Prepend(Of(named))
                .Where(words => words.Length > 0)
        );

    /// <summary>State and permissions of a member's token in an organization, to be compared.</summary>
    public static string OfMemberToken(Catalog catalog, string state, GrantSet there) => $"{state}. {Of(there, catalog)}";

    /// <summary>What grants allow.</summary>
    public static string Of(GrantSet grants, Catalog catalog) => Of(grants.ToPermissions(catalog));

    /// <summary>What a role allows, and on which objects; <c>null</c> = on all.</summary>
    public static string OfRole(Catalog catalog, string roleId, string? objects) =>
        (catalog.Role(roleId) is { } role ? Of(role.Permissions, catalog) : "") + (objects is null ? "" : $" on {objects}");

    private static string Of(IEnumerable<Permission> permissions) =>
        string.Join("; ", permissions.Select(at => $"{at.Api}: {string.Join(' ', at.Scopes)}"));
}
