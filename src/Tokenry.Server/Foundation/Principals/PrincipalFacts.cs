using Dapper;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Foundation.Limits;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Principals;

/// <summary>Values of <c>principals.type</c>.</summary>
public static class PrincipalType
{
    public const string User = "user";
    public const string Application = "application";
}

/// <summary>What the server must know of a user or application to decide.</summary>
public sealed record PrincipalFacts
{
    public required string Id { get; init; }

    public required string Type { get; init; }

    public required string Name { get; init; }

    /// <summary>Neither disabled nor deleted.</summary>
    public required bool Active { get; init; }

    /// <summary>Of an application: the user who registered it for themselves.</summary>
    public string? OwnerId { get; init; }

    public required string[] RoleIds { get; init; }

    /// <summary>Of an application, over all that is its own; <c>null</c> = not limited.</summary>
    public IReadOnlyList<UseLimit>? RateLimits { get; init; }

    /// <summary>Of an application, as an OAuth client.</summary>
    public ClientSettings Client { get; init; } = ClientSettings.Default;

    /// <summary>Unix ms: access tokens of which it is subject or client and whose <c>jti</c> is older are refused; 0 = none is.</summary>
    public long TokensSince { get; init; }

    public bool IsUser => Type == PrincipalType.User;
}

/// <summary>Principals by id.</summary>
public sealed class PrincipalCache
{
    private readonly FactsCache<PrincipalFacts> cache;

    public PrincipalCache(Database database, ChangeHub hub, Freshness freshness)
    {
        cache = new(id => LoadAsync(database, id), freshness, capacity: 100_000);
        hub.Subscribe(ChangeKind.Principal, cache.Invalidate, cache.Clear);
    }

    public FactsCacheCounts Counts => cache.Counts;

    public ValueTask<PrincipalFacts?> GetAsync(string id) => cache.GetAsync(id);

    /// <summary>The application a client says it is; <c>null</c> where there is none. What is no id at all does not reach the cache.</summary>
    public ValueTask<PrincipalFacts?> ClientAsync(string clientId) => PublicId.IsWellFormed(clientId, "app") ? GetAsync(clientId) : default;

    private static Task<PrincipalFacts?> LoadAsync(Database database, string id) =>
        database.ReadAsync(async connection =>
        {
            var row = await connection.QueryFirstOrDefaultAsync<PrincipalRow>(
                $"SELECT {PrincipalRow.Columns} FROM principals WHERE id = @id",
                new { id }
            );
            return row is null
                ? null
                : row.ToFacts([
                    .. await connection.QueryAsync<string>(
                        "SELECT role_id FROM principal_roles WHERE principal_id = @id ORDER BY role_id",
                        new { id }
                    ),
                ]);
        });
}
