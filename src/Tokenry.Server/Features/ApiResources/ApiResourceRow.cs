using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.ApiResources;

/// <summary>An API resource as stored.</summary>
public sealed class ApiResourceRow
{
    public string Id { get; init; } = "";

    public string Identifier { get; init; } = "";

    public string Name { get; init; } = "";

    /// <summary>As <see cref="StoredScope"/>s.</summary>
    public string Scopes { get; init; } = "[]";

    /// <summary>Of <see cref="ScopeRegister"/>.</summary>
    public long ScopeGeneration { get; init; }

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

    /// <param name="resource">As it will be.</param>
    /// <param name="before">As it was; <c>null</c> = it is new.</param>
    /// <param name="now">Unix ms from which scopes that are new count as made.</param>
    public static ApiResourceRow Of(ApiResource resource, ApiResourceRow? before = null, long now = 0)
    {
        var known = before?.StoredScopes.ToDictionary(scope => scope.Name, StringComparer.Ordinal) ?? [];
        var names = resource.Scopes.Select(scope => scope.Name).ToHashSet(StringComparer.Ordinal);
        var generation = (before?.ScopeGeneration ?? 0) + (known.Keys.All(names.Contains) ? 0 : 1);
        return new()
        {
            Id = resource.Id,
            Identifier = resource.Identifier,
            Name = resource.Name,
            Scopes = JsonColumn.Write(
                [.. resource.Scopes.Select(scope => Stored(scope, known.GetValueOrDefault(scope.Name), generation, now))],
                CatalogJson.Default.StoredScopeArray
            ),
            ScopeGeneration = generation,
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
    }

    public ApiResource ToApiResource() =>
        new()
        {
            Id = Id,
            Identifier = Identifier,
            Name = Name,
            Scopes = [.. StoredScopes.Select(scope => scope.ToDefinition())],
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

    private StoredScope[] StoredScopes => JsonColumn.Read(Scopes, CatalogJson.Default.StoredScopeArray);

    /// <summary>A scope that stays is the one it was, whatever is said of it; what comes is another than any before, whatever its name.</summary>
    private static StoredScope Stored(ScopeDefinition scope, StoredScope? known, long generation, long now) =>
        new(scope.Name, scope.Description, scope.AcceptedCredentials, scope.Implies)
        {
            Since = known?.Since ?? generation,
            CreatedAt = known?.CreatedAt ?? now,
        };
}
