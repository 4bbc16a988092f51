using System.Text.Json.Serialization;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Core.Apis;

/// <summary>One scope of an API resource as stored: as its owner wrote it, and since when it is that scope and not an earlier one of its name.</summary>
public sealed record StoredScope(
    string Name,
    string? Description = null,
    IReadOnlyList<string>? AcceptedCredentials = null,
    IReadOnlyList<string>? Implies = null
)
{
    /// <summary>Which generation of the API's scopes it came with (<see cref="ScopeRegister.Generation"/>).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Since { get; init; }

    /// <summary>Unix ms; 0 = before that was kept.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long CreatedAt { get; init; }

    public ScopeDefinition ToDefinition() => new(Name, Description, AcceptedCredentials, Implies);
}
