using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;

namespace Tokenry.Server.Features.Reports.Reviews;

/// <summary>Permissions in words, as reports have them on paper and in CSV.</summary>
internal static class ReviewWords
{
    /// <summary>What a credential may do; <c>owner</c> = what its owner may; <c>null</c> = it has no permissions of its own.</summary>
    public static string? Of(CredentialPermissions? permissions) =>
        permissions is null ? null
        : permissions.Named is { } named ? Of(named)
        : "owner";

    /// <summary>What a role allows.</summary>
    public static string OfRole(Catalog catalog, string roleId) =>
        catalog.Role(roleId) is { } role ? Of(role.Permissions.ToPermissions(catalog)) : "";

    private static string Of(IEnumerable<Permission> permissions) =>
        string.Join("; ", permissions.Select(at => $"{at.Api}: {string.Join(' ', at.Scopes)}"));
}
