using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Tests.Platform.Store;

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

    /// <summary>Numbers that no release used. A number is here because its change was given up, and is never used again.</summary>
    private static readonly int[] Unused = [6, 14, 15];

    [Fact]
    public void Numbers_of_steps_leave_out_only_those_that_were_never_used() =>
        Assert.Equal(
            Enumerable.Range(1, Migration.Embedded[^1].Number).Except(Unused),
            Migration.Embedded.Select(migration => migration.Number)
        );

    [Theory, BothEngines]
    public async Task A_step_that_comes_late_is_applied_below_the_highest_that_was(Engine engine)
    {
        await using var store = await TestStore.EmptyAsync(engine);
        Migration newest = new(9001, "newest", "CREATE TABLE newest (n bigint)");
        await store.Database.MigrateAsync([.. Migration.Embedded, newest]);
        await store.Database.MigrateAsync([.. Migration.Embedded, new(9000, "late", "CREATE TABLE late (n bigint)"), newest]);
        Assert.Equal(0, await store.CountAsync("late"));
        Assert.Equal(1, await store.CountAsync("schema_migrations", "number = 9000"));
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

    [Theory, BothEngines]
    public async Task A05_permissions_stored_by_name_refer_to_what_the_name_stood_for_from_the_upgrade_on(Engine engine)
    {
        await using var store = await TestStore.EmptyAsync(engine);
        await store.Database.MigrateAsync([.. Migration.Embedded.Where(migration => migration.Number < 11)]);
        const string api = "res_0000000000000000000002";
        const string named =
            """[{"api":"https://api.example.com/?a=1&b=2","scopes":["a","gone"]},{"api":"https://gone.example.com","scopes":["a"]}]""";
        const string management = """[{"api":"urn:tokenry:management","scopes":["users:read"]}]""";
        await store.ExecuteAsync(
            $"""
            INSERT INTO api_resources (id, identifier, name, scopes, accepted_credentials, carriers, object_types, objects_in_tokens,
              access_token_lifetime_seconds, resource_servers, created_at)
            VALUES ('{api}', 'https://api.example.com/?a=1&b=2', 'Old', '{Scopes}', '[]', '[]', '[]', 0, 300, '[]', 5);
            INSERT INTO principals (id, type, name, enabled, created_at) VALUES ('app_1', 'application', 'Billing', 1, 1);
            INSERT INTO roles (id, name, permissions, created_at) VALUES ('rol_1', 'reader', '{named}', 1)
            """
        );
        await store.ExecuteAsync(
            string.Join(
                ";\n",
                Enumerable
                    .Range(0, 5_000)
                    .Select(n =>
                        (
                            Id: $"key_{n:D5}",
                            Permissions: (n % 3) switch
                            {
                                0 => $"'{named}'",
                                1 => $"'{management}'",
                                _ => "NULL",
                            }
                        )
                    )
                    .Select(row =>
                        "INSERT INTO credentials (id, kind, owner_id, name, masked, permissions, created_at, state) "
                        + $"VALUES ('{row.Id}', 'api_key', 'app_1', 'ci', 'x', {row.Permissions}, 1, 'active')"
                    )
            )
        );
        await store.Database.MigrateAsync(Migration.Embedded);

        const string now = """[{"res":"res_0000000000000000000002","scopes":["a"]}]""";
        Assert.Equal(1, await store.CountAsync("roles", $"permissions = '{now}'"));
        Assert.Equal(1667, await store.CountAsync("credentials", $"permissions = '{now}'"));
        Assert.Equal(
            1667,
            await store.CountAsync("credentials", """permissions = '[{"res":"res_0000000000000000000001","scopes":["users:read"]}]'""")
        );
        // A stored absence reads as "owner".
        Assert.Equal(1666, await store.CountAsync("credentials", "permissions IS NULL"));
        var catalog = new Catalog([ManagementApi.Resource with { Id = api, Identifier = "x", Scopes = ScopeSet.Of(["a", "gone"]) }], []);
        Assert.Equal("a", GrantSet.Of(now).At(catalog.ResourceById(api)!).ToString());
    }

    [Theory, BothEngines]
    public async Task R3_an_upgrade_counts_what_there_is_and_leaves_what_a_user_owns_as_it_was(Engine engine)
    {
        await using var store = await TestStore.EmptyAsync(engine);
        await store.Database.MigrateAsync([.. Migration.Embedded.Where(migration => migration.Number < 10)]);
        await store.ExecuteAsync(
            """
            INSERT INTO principals (id, type, name, enabled, created_at) VALUES ('usr_1', 'user', 'Ada', 1, 1);
            INSERT INTO principals (id, type, name, owner_id, enabled, created_at) VALUES ('app_1', 'application', 'Owned', 'usr_1', 1, 1);
            INSERT INTO principals (id, type, name, enabled, created_at) VALUES ('app_2', 'application', 'Free', 1, 1);
            INSERT INTO credentials (id, kind, owner_id, name, masked, created_at, expires_at, state) VALUES
              ('key_1', 'api_key', 'app_1', 'ci', 'x', 1, NULL, 'active'), ('key_2', 'api_key', 'app_1', 'ci', 'x', 1, 5, 'active'),
              ('key_3', 'api_key', 'app_1', 'ci', 'x', 1, NULL, 'disabled'), ('key_4', 'api_key', 'app_1', 'ci', 'x', 1, NULL, 'revoked'),
              ('key_5', 'api_key', 'app_2', 'ci', 'x', 1, NULL, 'revoked'), ('pat_1', 'personal_access_token', 'usr_1', 'ci', 'x', 1, 5, 'active')
            """
        );
        var changes = new List<SchemaChange>();
        await store.Database.MigrateAsync(Migration.Embedded, beginning: changes.Add);
        await store.Database.MigrateAsync(Migration.Embedded, beginning: changes.Add);

        Assert.Equal(2, await store.CountAsync("credential_counts"));
        Assert.Equal(1, await store.CountAsync("credential_counts", "owner_id = 'app_1' AND unrevoked = 3"));
        Assert.Equal(1, await store.CountAsync("credential_counts", "owner_id = 'usr_1' AND unrevoked = 1"));
        Assert.Equal(6, await store.CountAsync("credentials", "created_with IS NULL AND tokens_since IS NULL"));
        Assert.Equal(1, await store.CountAsync("principals", "id = 'app_1' AND owner_bound = 0"));
        Assert.Equal(2, await store.CountAsync("principals", "owner_bound = 1"));
        Assert.Equal(1, await store.CountAsync("store_properties", "name = 'owned_applications' AND value = 'unsettled'"));
        var change = Assert.Single(changes);
        Assert.Equal((9, Migration.Embedded[^1].Number), (change.From, change.To));
        Assert.Equal(Migration.Embedded.Count(migration => migration.Number > 9), change.Applied);
    }

    [Fact]
    public async Task R3_a_step_may_take_longer_than_a_command_of_a_request()
    {
        await using var store = await TestStore.EmptyAsync(Engine.Postgres);
        await using var hasty = store.Open(new ChangeHub(), "Command Timeout=1;Options=-c statement_timeout=500");
        await hasty.MigrateAsync([.. Migration.Embedded, new(9000, "slow", "SELECT pg_sleep(2)")]);
        Assert.Equal(1, await store.CountAsync("schema_migrations", "number = 9000"));
    }

    private const string Scopes = """[{"name":"a","description":null}]""";

    [Fact]
    public async Task Replicas_that_start_together_migrate_once()
    {
        await using var store = await TestStore.EmptyAsync(Engine.Postgres);
        await using var other = store.Open(new ChangeHub());
        await Task.WhenAll(Enumerable.Range(0, 8).Select(n => (n % 2 == 0 ? store.Database : other).MigrateAsync(Migration.Embedded)));
        Assert.Equal(Migration.Embedded.Count, await store.CountAsync("schema_migrations"));
    }
}
