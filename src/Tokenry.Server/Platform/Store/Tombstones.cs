namespace Tokenry.Server.Platform.Store;

/// <summary>
/// Ids of deleted rows. Deleting one of them again answers 204 like the first time, while an id that never existed answers 404. Principals and credentials keep
/// their rows and need no tombstones.
/// </summary>
public static class Tombstones
{
    public static Task BuryAsync(WriteTransaction tx, string id) =>
        tx.ExecuteAsync("INSERT INTO tombstones (id) VALUES (@id) ON CONFLICT DO NOTHING", new { id });

    public static async Task<bool> IsBuriedAsync(WriteTransaction tx, string id) =>
        await tx.FirstOrDefaultAsync<string>("SELECT id FROM tombstones WHERE id = @id", new { id }) is not null;
}
