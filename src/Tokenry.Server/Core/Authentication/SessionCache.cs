using Dapper;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Authentication;

/// <summary>Sessions by id. A session that ended has no row, so that ending one is a change like any other.</summary>
public sealed class SessionCache
{
    private const int Capacity = 10_000;

    private readonly FactsCache<SessionFacts> cache;

    public SessionCache(Database database, ChangeHub hub, Freshness freshness)
    {
        cache = new(id => LoadAsync(database, id), freshness, Capacity);
        hub.Subscribe(ChangeKind.Session, cache.Invalidate, cache.Clear);
    }

    public ValueTask<SessionFacts?> GetAsync(string id) => cache.GetAsync(id);

    /// <summary>The facts of the store, past those in memory.</summary>
    public ValueTask<SessionFacts?> ReloadAsync(string id)
    {
        cache.Invalidate(id);
        return cache.GetAsync(id);
    }

    private static Task<SessionFacts?> LoadAsync(Database database, string id) =>
        database.ReadAsync(async connection =>
            await connection.QueryFirstOrDefaultAsync<Row>(
                "SELECT user_id, hash, last_seen_at, authenticated_at, ends_at FROM sessions WHERE id = @id",
                new { id }
            )
                is { } row
                ? new SessionFacts
                {
                    Id = id,
                    UserId = row.UserId,
                    Hash = row.Hash,
                    AuthenticatedAt = row.AuthenticatedAt,
                    EndsAt = row.EndsAt,
                    LastSeenAt = row.LastSeenAt,
                }
                : null
        );

    private sealed class Row
    {
        public string UserId { get; init; } = "";

        public byte[] Hash { get; init; } = [];

        public long LastSeenAt { get; init; }

        public long AuthenticatedAt { get; init; }

        public long EndsAt { get; init; }
    }
}
