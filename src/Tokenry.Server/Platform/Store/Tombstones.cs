namespace Tokenry.Server.Platform.Store;

/// <summary>
/// Ids of things whose rows are gone, so that deleting one again is as good as the first time (204) where deleting what never was is not (404).
/// Principals and credentials keep their rows and need none.
/// </summary>
public static class Tombstones
{
    public static Task BuryAsync(WriteTransaction tx, string id) =>
        tx.ExecuteAsync("INSERT INTO tombstones (id) VALUES (@id) ON CONFLICT DO NOTHING", new { id });

    public static async Task<bool> IsBuriedAsync(WriteTransaction tx, string id) =>
        await tx.FirstOrDefaultAsync<string>("SELECT id FROM tombstones WHERE id = @id", new { id }) is not null;
}
