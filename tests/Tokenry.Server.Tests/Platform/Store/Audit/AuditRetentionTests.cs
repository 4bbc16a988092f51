using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Tests.Platform.Store.Audit;

/// <summary>Old events go, addresses and names go, and what is kept is still a chain (issue 13, A.7).</summary>
public sealed class AuditRetentionTests
{
    private readonly FakeTimeProvider _time = new(TestStore.Start);

    [Theory, BothEngines]
    public async Task The_oldest_events_go_and_the_rest_verifies_from_the_anchor(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        await AppendAsync(store, 1500);
        _time.Advance(TimeSpan.FromDays(9));
        await AppendAsync(store, 5);
        _time.Advance(TimeSpan.FromDays(2));
        var retention = Retention(store, ("Tokenry:Audit:RetentionDays", "10"));
        await retention.RunOnceAsync();

        Assert.Equal(1501, await OldestAsync(store));
        Assert.Equal((7L, null), await store.VerifyAsync()); // five and two that say what was removed
        Assert.Equal(1, await store.CountAsync("audit_events", "action = 'audit.purged' AND count = 1000"));
        Assert.Equal(1, await store.CountAsync("audit_events", "action = 'audit.purged' AND count = 500"));
        await retention.RunOnceAsync();
        Assert.Equal((7L, null), await store.VerifyAsync());
        await AppendAsync(store, 1);
        var check = await store.Chain.CheckAsync(store.Database);
        Assert.Equal((8L, null, 1508L), (check.Events, check.Fault, check.Last!.Seq));

        // The anchor does not cover what another hand removes, and cannot be moved without the key.
        await store.ExecuteAsync("DELETE FROM audit_events WHERE seq = 1501");
        Assert.Equal((0L, "event 1501 is missing"), await store.VerifyAsync());
        await store.ExecuteAsync("UPDATE store_properties SET value = replace(value, '1500:', '1501:') WHERE name = 'audit_anchor'");
        Assert.Equal((0L, "the anchor, which says where the trail begins, was changed"), await store.VerifyAsync());
        await store.ExecuteAsync("UPDATE store_properties SET value = '' WHERE name = 'audit_anchor'");
        Assert.Equal((0L, "event 1 is missing"), await store.VerifyAsync());
    }

    [Theory, BothEngines]
    public async Task The_newest_event_stays_however_old_it_is(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        await AppendAsync(store, 3);
        _time.Advance(TimeSpan.FromDays(100));
        await Retention(store, ("Tokenry:Audit:RetentionDays", "10")).RunOnceAsync();
        Assert.Equal(3, await OldestAsync(store));
        Assert.Equal((2L, null), await store.VerifyAsync());
    }

    [Theory, BothEngines]
    public async Task Two_replicas_remove_once(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        await AppendAsync(store, 1200);
        _time.Advance(TimeSpan.FromDays(11));
        await AppendAsync(store, 1);
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Retention(store, ("Tokenry:Audit:RetentionDays", "10")).RunOnceAsync()));
        Assert.Equal(1201, await OldestAsync(store));
        Assert.Null((await store.VerifyAsync()).Fault);
        Assert.Equal(2, await store.CountAsync("audit_events", "action = 'audit.purged'"));
    }

    [Theory, BothEngines]
    public async Task Addresses_and_names_are_erased_and_the_chain_verifies(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        await AppendAsync(store, 3);
        _time.Advance(TimeSpan.FromDays(31));
        await AppendAsync(store, 2);
        var retention = Retention(store, ("Tokenry:Audit:PersonalDataDays", "30"));
        await retention.RunOnceAsync();
        Assert.Equal(2, await store.CountAsync("audit_events", "ip IS NOT NULL AND personal IS NOT NULL"));
        Assert.Equal(3, await store.CountAsync("audit_events", "ip IS NULL AND personal IS NULL AND ip_pseudonym IS NOT NULL"));
        _time.Advance(TimeSpan.FromDays(31));
        await retention.RunOnceAsync();
        Assert.Equal(0, await store.CountAsync("audit_events", "ip IS NOT NULL OR personal IS NOT NULL"));
        Assert.Equal((5L, null), await store.VerifyAsync());
    }

    private AuditRetention Retention(TestStore store, params (string Key, string? Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, setting => setting.Value))
            .Build();
        return new AuditRetention(
            store.Database,
            new AuditKey(() => store.Keys.AuditKey),
            TokenryOptions.Read(configuration),
            _time,
            NullLogger<AuditRetention>.Instance
        );
    }

    private static Task<long> OldestAsync(TestStore store) =>
        store.ReadAsync(connection => Dapper.SqlMapper.QuerySingleAsync<long>(connection, "SELECT min(seq) FROM audit_events"));

    private async Task AppendAsync(TestStore store, int events)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        await store.Database.WriteAsync(tx =>
        {
            for (var i = 0; i < events; i++)
            {
                tx.Record(
                    new AuditEntry
                    {
                        Id = $"evt_{Guid.NewGuid():N}",
                        At = now,
                        Actor = "usr_1",
                        Action = "user.updated",
                        Ip = "10.0.0.7",
                        Changes = [AuditChanges.Of("email", "a@example.com", "b@example.com")],
                    }
                );
            }

            return Task.FromResult(0);
        });
    }
}
