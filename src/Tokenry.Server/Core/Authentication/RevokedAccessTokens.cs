using System.Collections.Concurrent;
using Dapper;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Authentication;

/// <summary>The deny list of access tokens by <c>jti</c>. An entry stays no longer than the token would live (at most an hour).</summary>
public sealed class RevokedAccessTokens
{
    /// <summary>Tokens that expired.</summary>
    public static readonly PurgeRule Purge = new(
        "DELETE FROM revoked_access_tokens WHERE token_id IN "
            + "(SELECT token_id FROM revoked_access_tokens WHERE expires_at < @before LIMIT @step)",
        TimeSpan.FromMinutes(5)
    );

    private const string Whole = "all";

    /// <summary>Above this number the server reads the list again, which drops tokens that have expired.</summary>
    private const int MostBeforeReload = 100_000;

    private readonly FactsCache<ConcurrentDictionary<string, byte>> cache;

    public RevokedAccessTokens(Database database, ChangeHub hub, Freshness freshness)
    {
        cache = new(_ => LoadAsync(database), freshness, capacity: 1);
        hub.Subscribe(ChangeKind.AccessToken, id => cache.Update(Whole, denied => Add(denied, id)), cache.Clear);
    }

    public FactsCacheCounts Counts => cache.Counts;

    public async ValueTask<bool> ContainsAsync(string tokenId) => (await cache.GetAsync(Whole))!.ContainsKey(tokenId);

    public static async Task AddAsync(WriteTransaction tx, string tokenId, DateTimeOffset expiresAt)
    {
        await tx.ExecuteAsync(
            "INSERT INTO revoked_access_tokens (token_id, expires_at) VALUES (@tokenId, @ExpiresAt) ON CONFLICT DO NOTHING",
            new { tokenId, ExpiresAt = expiresAt.ToUnixTimeMilliseconds() }
        );
        tx.Changed(ChangeKind.AccessToken, tokenId);
    }

    private void Add(ConcurrentDictionary<string, byte> denied, string tokenId)
    {
        denied.TryAdd(tokenId, 0);
        if (denied.Count > MostBeforeReload)
        {
            cache.Clear();
        }
    }

    private static Task<ConcurrentDictionary<string, byte>?> LoadAsync(Database database) =>
        database.ReadAsync<ConcurrentDictionary<string, byte>?>(async connection =>
        {
            var ids = await connection.QueryAsync<string>("SELECT token_id FROM revoked_access_tokens");
            return new(ids.Select(id => KeyValuePair.Create(id, (byte)0)), StringComparer.Ordinal);
        });
}
