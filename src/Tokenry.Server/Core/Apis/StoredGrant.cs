using System.Text.Json.Serialization;

namespace Tokenry.Server.Core.Apis;

/// <summary>How the columns <c>permissions</c> hold a <see cref="Grant"/>.</summary>
/// <param name="Res">The API resource's id.</param>
/// <param name="Scopes">Names.</param>
public sealed record StoredGrant(string Res, IReadOnlyList<string> Scopes)
{
    /// <summary>Of <see cref="ScopeRegister.Generation"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long AsOf { get; init; }

    /// <summary>What the text of a column holds if it has a grant at that API resource; no scope's name can look like it, for the quotes.</summary>
    public static string Mark(string resourceId) => $"\"res\":\"{resourceId}\"";
}
