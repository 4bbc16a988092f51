using System.Collections.Frozen;
using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Apis;

/// <summary>An API resource as stored: made of what the API shows, and read as that (<see cref="ToApiResource"/>) or for decisions (<see cref="ToFacts"/>).</summary>
public sealed class ApiResourceRow
{
    public const string Columns =
        "id, identifier, name, scopes, accepted_credentials, carriers, object_types, objects_in_tokens, access_token_lifetime_seconds, "
        + "access_token_signing_alg, resource_servers, minimum_strength, one_time_tokens, access_log, scope_generation, created_at";

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

    public ApiResourceFacts ToFacts()
    {
        var scopes = StoredScopes;
        return new()
        {
            Id = Id,
            Identifier = Identifier,
            Scopes = ScopeSet.Of(scopes.Select(scope => scope.Name)),
            Register = ScopeRegister.Of(ScopeGeneration, scopes),
            // The id is of the same count as the ids of access tokens: those made before it lie before, whatever the clock does.
            CreatedAt = TokenIds.After(PublicId.TryParse(Id, "res", out var id) ? PublicId.MillisecondsOf(id) + 1 : CreatedAt),
            NarrowedScopes = scopes
                .Where(scope => scope.AcceptedCredentials is not null)
                .ToFrozenDictionary(scope => scope.Name, scope => scope.AcceptedCredentials!, StringComparer.Ordinal),
            Carriers = ApiCarriers.Of(JsonColumn.Read<string[]>(Carriers)),
            AccessLog = AccessLog,
            MinimumStrength = Enum.Parse<Strength>(MinimumStrength, ignoreCase: true),
            OneTimeTokens = OneTimeTokens == 1,
            AcceptedKinds = JsonColumn.Read<string[]>(AcceptedCredentials),
            ObjectTypes = JsonColumn.Read<string[]>(ObjectTypes),
            ObjectsInTokens = ObjectsInTokens == 1,
            AccessTokenLifetime = TimeSpan.FromSeconds(AccessTokenLifetimeSeconds),
            AccessTokenSigningAlg = AccessTokenSigningAlg,
            ResourceServers = JsonColumn.Read<string[]>(ResourceServers),
        };
    }

    private StoredScope[] StoredScopes => JsonColumn.Read(Scopes, CatalogJson.Default.StoredScopeArray);

    /// <summary>A scope that stays is the one it was, whatever is said of it; what comes is another than any before, whatever its name.</summary>
    private static StoredScope Stored(ScopeDefinition scope, StoredScope? known, long generation, long now) =>
        new(scope.Name, scope.Description, scope.AcceptedCredentials, scope.Implies)
        {
            Since = known?.Since ?? generation,
            CreatedAt = known?.CreatedAt ?? now,
        };
}
