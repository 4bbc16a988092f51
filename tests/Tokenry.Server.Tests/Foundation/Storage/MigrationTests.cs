using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Tests.Foundation.Storage;

public sealed class MigrationTests
{
    [Theory, BothEngines]
    public async Task A_fresh_store_gets_every_step_and_a_second_start_none(Engine engine)
    {
        await using var store = await TestStore.EmptyAsync(engine);
        await store.Database.MigrateAsync(Migration.Embedded);
        await store.ExecuteAsync("INSERT INTO store_properties (name, value) VALUES ('kept', 'yes')");
        await store.Database.MigrateAsync(Migration.Embedded);
        Assert.Equal(Migration.Embedded.Count, await store.CountAsync("schema_migrations"));
        Assert.Equal(1, await store.CountAsync("store_properties", "name = 'kept'"));
    }

    [Theory, BothEngines]
    public async Task A_store_of_a_newer_version_is_refused_and_left_alone(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        await store.ExecuteAsync("INSERT INTO schema_migrations (number, name) VALUES (9999, 'from_the_future')");
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => store.Database.MigrateAsync(Migration.Embedded));
        Assert.StartsWith(
            "The store was written by a newer version (schema 9999, this one knows ",
            refusal.Message,
            StringComparison.Ordinal
        );
    }

    [Theory, BothEngines]
    public async Task A_step_that_fails_leaves_nothing_of_any_step(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine);
        Migration[] more =
        [
            .. Migration.Embedded,
            new(9000, "good", "CREATE TABLE good (n bigint)"),
            new(9001, "half", "CREATE TABLE half (n bigint);\nINSERT INTO nowhere VALUES (1)"),
        ];
        await Assert.ThrowsAnyAsync<Exception>(() => store.Database.MigrateAsync(more));
        Assert.Equal(Migration.Embedded.Count, await store.CountAsync("schema_migrations"));
        await store.Database.MigrateAsync([.. more[..^1], new(9001, "mended", "CREATE TABLE half (n bigint)")]);
        Assert.Equal(0, await store.CountAsync("half"));
    }

    [Theory, BothEngines]
    public async Task APIs_from_before_RS256_sign_as_they_did(Engine engine)
    {
        await using var store = await TestStore.EmptyAsync(engine);
        await store.Database.MigrateAsync([.. Migration.Embedded.Where(migration => migration.Number < 3)]);
        await store.ExecuteAsync(
            """
            INSERT INTO api_resources (id, identifier, name, scopes, accepted_credentials, carriers, object_types, objects_in_tokens,
              access_token_lifetime_seconds, resource_servers, created_at)
            VALUES ('res_1', 'https://api.example.com', 'Old', '[]', '[]', '[]', '[]', 0, 300, '[]', 0)
            """
        );
        await store.Database.MigrateAsync(Migration.Embedded);
        Assert.Equal(1, await store.CountAsync("api_resources", "id = 'res_1' AND access_token_signing_alg = 'ES256'"));
    }

    [Fact]
    public async Task Replicas_that_start_together_migrate_once()
    {
        await using var store = await TestStore.EmptyAsync(Engine.Postgres);
        await using var other = store.Open(new ChangeHub());
        await Task.WhenAll(Enumerable.Range(0, 8).Select(n => (n % 2 == 0 ? store.Database : other).MigrateAsync(Migration.Embedded)));
        Assert.Equal(Migration.Embedded.Count, await store.CountAsync("schema_migrations"));
    }
}
