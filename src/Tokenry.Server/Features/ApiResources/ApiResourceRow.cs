using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Features.ApiResources;

/// <summary>An API resource as stored.</summary>
public sealed class ApiResourceRow
{
    public string Id { get; init; } = "";

    public string Identifier { get; init; } = "";

    public string Name { get; init; } = "";

    public string Scopes { get; init; } = "[]";

    public string AcceptedCredentials { get; init; } = "[]";

    public string Carriers { get; init; } = "[]";

    public string ObjectTypes { get; init; } = "[]";

    public long ObjectsInTokens { get; init; }

    public long AccessTokenLifetimeSeconds { get; init; }

    public string AccessTokenSigningAlg { get; init; } = "";

    public string ResourceServers { get; init; } = "[]";

    public string MinimumStrength { get; init; } = "";

    public long OneTimeTokens { get; init; }

    public string AccessLog { get; init; } = "";

    public long CreatedAt { get; init; }

    public static ApiResourceRow Of(ApiResource resource) =>
        new()
        {
            Id = resource.Id,
            Identifier = resource.Identifier,
            Name = resource.Name,
            Scopes = JsonColumn.Write(resource.Scopes),
            AcceptedCredentials = JsonColumn.Write(resource.AcceptedCredentials),
            Carriers = JsonColumn.Write(resource.Carriers),
            ObjectTypes = JsonColumn.Write(resource.ObjectTypes),
            ObjectsInTokens = resource.ObjectsInTokens ? 1 : 0,
            AccessTokenLifetimeSeconds = resource.AccessTokenLifetimeSeconds,
            AccessTokenSigningAlg = resource.AccessTokenSigningAlg,
            ResourceServers = JsonColumn.Write(resource.ResourceServers),
            MinimumStrength = resource.MinimumStrength,
            OneTimeTokens = resource.OneTimeTokens ? 1 : 0,
            AccessLog = resource.AccessLog,
            CreatedAt = resource.CreatedAt.ToUnixTimeMilliseconds(),
        };

    public ApiResource ToApiResource() =>
        new()
        {
            Id = Id,
            Identifier = Identifier,
            Name = Name,
            Scopes = JsonColumn.Read<IReadOnlyList<ScopeDefinition>>(Scopes),
            AcceptedCredentials = JsonColumn.Read<string[]>(AcceptedCredentials),
            Carriers = JsonColumn.Read<string[]>(Carriers),
            ObjectTypes = JsonColumn.Read<string[]>(ObjectTypes),
            ObjectsInTokens = ObjectsInTokens == 1,
            AccessTokenLifetimeSeconds = (int)AccessTokenLifetimeSeconds,
            AccessTokenSigningAlg = AccessTokenSigningAlg,
            ResourceServers = JsonColumn.Read<string[]>(ResourceServers),
            MinimumStrength = MinimumStrength,
            OneTimeTokens = OneTimeTokens == 1,
            AccessLog = AccessLog,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
        };
}
