using System.Text.Json.Serialization;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Core.Apis;

/// <summary>One scope of an API resource as stored: the owner's definition, and since when the name has this meaning.</summary>
public sealed record StoredScope(
    string Name,
    string? Description = null,
    IReadOnlyList<string>? AcceptedCredentials = null,
    IReadOnlyList<string>? Implies = null
)
{
    /// <summary>The generation of the API's scopes in which it was added (<see cref="ScopeRegister.Generation"/>).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Since { get; init; }

    /// <summary>Unix ms; 0 = it was added before this time was stored.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long CreatedAt { get; init; }

    public ScopeDefinition ToDefinition() => new(Name, Description, AcceptedCredentials, Implies);
}
