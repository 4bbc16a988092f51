using System.Text.Json.Serialization;

namespace Tokenry.Server.Core.Apis;

/// <summary>The stored form of a <see cref="Grant"/> in the columns <c>permissions</c>.</summary>
/// <param name="Res">The id of the API resource.</param>
/// <param name="Scopes">The names of the scopes.</param>
public sealed record StoredGrant(string Res, IReadOnlyList<string> Scopes)
{
    /// <summary>A value of <see cref="ScopeRegister.Generation"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long AsOf { get; init; }

    /// <summary>The organization in which it holds; <c>null</c> = outside organizations, or in the one for which its credential was made.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Org { get; init; }

    /// <summary>
    /// The text that a column contains if it has a grant at the API resource. A scope name cannot contain it, because it has quotes.
    /// </summary>
    public static string Mark(string resourceId) => $"\"res\":\"{resourceId}\"";

    /// <summary>The same for a grant in an organization.</summary>
    public static string MarkOf(string organizationId) => $"\"org\":\"{organizationId}\"";
}
