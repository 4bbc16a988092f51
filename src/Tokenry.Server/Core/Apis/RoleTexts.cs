using System.Collections.Frozen;
using Tokenry.Server.Platform.Console;

namespace Tokenry.Server.Core.Apis;

/// <summary>
/// Roles in the language of a page. Built-in roles have texts in each language; the others are shown as people wrote them. Ids decide, because a role may have
/// the name of a built-in one.
/// </summary>
internal static class RoleTexts
{
    private static readonly FrozenDictionary<string, RoleFacts> BuiltIn = ManagementApi.BuiltInRoles.ToFrozenDictionary(
        role => role.Id,
        StringComparer.Ordinal
    );

    /// <summary>The key of the name of a built-in role, or the name: for <see cref="Texts.OrPlain"/>.</summary>
    public static string TitleOf(string id, string name) => BuiltIn.TryGetValue(id, out var role) ? $"role_name.{role.Name}" : name;

    /// <param name="texts">The language.</param>
    /// <param name="id">The role.</param>
    /// <param name="name">Its stored name.</param>
    public static string RoleName(this Texts texts, string id, string name) =>
        BuiltIn.TryGetValue(id, out var role) ? texts.Of("role_name", role.Name) : name;

    /// <summary>The names of roles, in the order of their ids.</summary>
    /// <param name="texts">The language.</param>
    /// <param name="ids">The roles.</param>
    /// <param name="names">Their stored names.</param>
    public static string RoleNames(this Texts texts, IEnumerable<string> ids, IReadOnlyDictionary<string, string> names) =>
        string.Join(", ", ids.Select(id => texts.RoleName(id, names.GetValueOrDefault(id, id))));

    /// <param name="texts">The language.</param>
    /// <param name="id">The role.</param>
    /// <param name="description">Its stored description; <c>null</c> = none.</param>
    public static string? RoleDescription(this Texts texts, string id, string? description) =>
        BuiltIn.TryGetValue(id, out var role) ? texts.Of("role_does", role.Name) : description;
}
