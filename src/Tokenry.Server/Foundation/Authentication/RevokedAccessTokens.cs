using Dapper;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Authentication;

/// <summary>The deny list of access tokens by <c>jti</c>, kept no longer than the tokens would live (at most an hour).</summary>
public sealed class RevokedAccessTokens
{
    private const string Whole = "all";

    private readonly FactsCache<HashSet<string>> cache;

    public RevokedAccessTokens(Database database, ChangeHub hub, Freshness freshness)
    {
        cache = new(_ => LoadAsync(database), freshness, capacity: 1);
        hub.Subscribe(ChangeKind.AccessToken, _ => cache.Clear(), cache.Clear);
    }

    public async ValueTask<bool> ContainsAsync(string tokenId) => (await cache.GetAsync(Whole))!.Contains(tokenId);

    public static async Task AddAsync(WriteTransaction tx, string tokenId, DateTimeOffset expiresAt)
    {
        await tx.ExecuteAsync(
            "INSERT INTO revoked_access_tokens (token_id, expires_at) VALUES (@tokenId, @ExpiresAt) ON CONFLICT DO NOTHING",
            new { tokenId, ExpiresAt = expiresAt.ToUnixTimeMilliseconds() }
        );
        tx.Changed(ChangeKind.AccessToken, tokenId);
    }

    private static Task<HashSet<string>?> LoadAsync(Database database) =>
        database.ReadAsync<HashSet<string>?>(async connection => new HashSet<string>(
            await connection.QueryAsync<string>("SELECT token_id FROM revoked_access_tokens"),
            StringComparer.Ordinal
        ));
}
