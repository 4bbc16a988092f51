using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tokenry.Server.Composition;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Tests.Platform.Store;

public sealed class PurgeTests
{
    private readonly FakeTimeProvider _time = new(TestStore.Start);

    [Theory, BothEngines]
    public async Task Removes_exactly_what_is_due(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var minute = 60_000L;
        var day = 24 * 60 * minute;
        byte[] nothing = [];
        foreach (var (name, at) in new[] { ("due", now - 1), ("not yet", now), ("later", now + minute) })
        {
            await store.ExecuteAsync(
                "INSERT INTO single_use (kind, hash, expires_at) VALUES (@name, @nothing, @at)",
                new
                {
                    name,
                    nothing,
                    at,
                }
            );
            await store.ExecuteAsync(
                "INSERT INTO idempotency (scope, body_hash, answer, expires_at) VALUES (@scope, @nothing, @nothing, @at)",
                new
                {
                    scope = System.Text.Encoding.UTF8.GetBytes(name),
                    nothing,
                    at,
                }
            );
            await store.ExecuteAsync(
                "INSERT INTO revoked_access_tokens (token_id, expires_at) VALUES (@name, @at)",
                new { name, at = at - (5 * minute) }
            );
            // Superseded secrets; the current one of the credential below stays, however old.
            await store.ExecuteAsync(
                "INSERT INTO credential_secrets (credential_id, version, hash, pepper_version, expires_at) VALUES (@name, 1, @nothing, 1, @at)",
                new
                {
                    name,
                    nothing,
                    at = at - (400 * day),
                }
            );
            await store.ExecuteAsync(
                "INSERT INTO credential_secrets (credential_id, version, hash, pepper_version) VALUES (@name, 2, @nothing, 1)",
                new { name, nothing }
            );
        }
        await store.ExecuteAsync(
            "INSERT INTO credential_secrets (credential_id, version, hash, pepper_version, expires_at) VALUES ('alone', 1, @nothing, 1, 1)",
            new { nothing }
        );

        Assert.Equal(4, await PurgeAsync(store));
        Assert.Equal(0, await PurgeAsync(store));
        foreach (var (table, column) in new[] { ("single_use", "kind"), ("revoked_access_tokens", "token_id") })
        {
            Assert.Equal(0, await store.CountAsync(table, $"{column} = 'due'"));
            Assert.Equal(2, await store.CountAsync(table));
        }
        Assert.Equal(2, await store.CountAsync("idempotency"));
        Assert.Equal(0, await store.CountAsync("credential_secrets", "credential_id = 'due' AND version = 1"));
        Assert.Equal(6, await store.CountAsync("credential_secrets"));
    }

    [Theory, BothEngines]
    public async Task Records_of_use_go_when_their_time_is_over(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        const long Day = 24 * 60 * 60_000L;
        var tables = new (string Table, string Columns, string Values, long Kept)[]
        {
            ("limit_counters", "subject_id, name, span, starts_at, used, expires_at", "@id, 'n', '60', 0, 1, @at", 5 * 60_000),
            ("usage_counters", "span, credential_id, api, scope, code, uses, at", "'minute', @id, '', '', 'valid', 1, @at", 2 * Day),
            ("usage_counters", "span, credential_id, api, scope, code, uses, at", "'hour', @id, '', '', 'valid', 1, @at", 400 * Day),
            ("access_log", "id, door, result, at", "@id, 'verify', 'valid', @at", 30 * Day),
            ("credential_networks", "credential_id, network, first_seen_at, last_seen_at", "@id, '192.0.2.0/24', 0, @at", 400 * Day),
        };
        foreach (var (table, columns, values, kept) in tables)
        {
            await store.ExecuteAsync($"INSERT INTO {table} ({columns}) VALUES ({values})", new { id = "due", at = now - kept - 1 });
            await store.ExecuteAsync($"INSERT INTO {table} ({columns}) VALUES ({values})", new { id = "kept", at = now - kept });
        }

        Assert.Equal(tables.Length, await PurgeAsync(store));
        Assert.Equal(0, await PurgeAsync(store));
        Assert.Equal(2, await store.CountAsync("usage_counters", "credential_id = 'kept'"));
        Assert.Equal(1, await store.CountAsync("access_log", "id = 'kept'"));
    }

    [Theory, BothEngines]
    public async Task Of_changes_the_newest_stays_so_that_the_sequence_goes_on(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        await ChangeAsync(store, 3);
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(2, await PurgeAsync(store));
        await ChangeAsync(store, 1);
        Assert.Equal(1, await store.CountAsync("changes", "seq = 3"));
        Assert.Equal(1, await store.CountAsync("changes", "seq = 4"));
        Assert.Equal(1, await PurgeAsync(store));
        _time.Advance(TimeSpan.FromMinutes(59));
        await ChangeAsync(store, 1);
        Assert.Equal(0, await PurgeAsync(store)); // what replicas may not have read yet is kept for an hour
    }

    [Theory, BothEngines]
    public async Task Many_rows_go_in_steps(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        await store.ExecuteAsync(
            "INSERT INTO revoked_access_tokens (token_id, expires_at) "
                + "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) SELECT 't' || i, 1 FROM n"
        );
        Assert.Equal(2500, await PurgeAsync(store));
        Assert.Equal(0, await store.CountAsync("revoked_access_tokens"));
    }

    /// <summary>A rule that a room declares and nobody registers would purge nothing.</summary>
    [Fact]
    public void Every_rule_that_a_room_declares_is_run()
    {
        const BindingFlags Members = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var types = typeof(PurgeRule).Assembly.GetTypes();
        var declared = types.SelectMany(type => type.GetFields(Members)).Count(field => field.FieldType == typeof(PurgeRule));
        var made = types.SelectMany(type => type.GetMethods(Members)).Count(method => method.ReturnType == typeof(PurgeRule));
        var rules = Rules();
        Assert.True(declared > 5);
        Assert.Equal(declared + made, rules.Count);
        Assert.Equal(rules.Count, rules.Select(rule => rule.Sql).Distinct().Count());
        Assert.All(rules, rule => Assert.Contains("LIMIT @step", rule.Sql, StringComparison.Ordinal));
    }

    private static IReadOnlyList<PurgeRule> Rules() => CoreServices.PurgeRules(TokenryOptions.Read(new ConfigurationBuilder().Build()));

    private static Task ChangeAsync(TestStore store, int count) =>
        store.Database.WriteAsync(tx =>
        {
            for (var n = 0; n < count; n++)
                tx.Changed("test", "x");
            return Task.FromResult(0);
        });

    private async Task<int> PurgeAsync(TestStore store)
    {
        using var purge = new Purge(store.Database, Rules(), _time, NullLogger<Purge>.Instance);
        return await purge.RunOnceAsync();
    }
}
