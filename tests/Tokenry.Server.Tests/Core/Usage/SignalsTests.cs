using System.Diagnostics.Metrics;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Telemetry;
using Tokenry.Server.Tests.Platform.Store;

namespace Tokenry.Server.Tests.Core.Usage;

/// <summary>What is noticed, once an hour, over restarts and replicas.</summary>
public sealed class SignalsTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(TestStore.Start);
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public void Dispose() => _services.Dispose();

    [Theory]
    [BothEngines("revoked", "signal.revoked_use")]
    [BothEngines("expired", "signal.expired_use")]
    public async Task Use_after_the_end(Engine engine, string code, string signal)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        var signals = Signals(store);
        for (var i = 0; i < 5; i++)
            signals.Denied(Uses.Of("key_1", code, "203.0.113.7"));
        await signals.FlushAsync();
        signals.Denied(Uses.Of("key_1", code, "203.0.113.8")); // the same network, the same hour
        await signals.FlushAsync();
        Assert.Equal([$"{signal} key_1 app_1 203.0.113.7"], await ToldAsync(store));
        signals.Denied(Uses.Of("key_1", code, "198.51.100.1"));
        signals.Denied(Uses.Of("key_2", code, "203.0.113.7"));
        await signals.FlushAsync();
        Assert.Equal(3, (await ToldAsync(store)).Count);
    }

    [Theory, BothEngines]
    public async Task Another_process_in_the_same_hour_says_nothing_new_and_the_next_hour_does(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        foreach (var _ in new[] { 1, 2 })
        {
            var signals = Signals(store);
            signals.Denied(Uses.Of("key_1", "revoked", "203.0.113.7"));
            await signals.FlushAsync();
        }

        Assert.Single(await ToldAsync(store));
        _time.Advance(TimeSpan.FromHours(1));
        var later = Signals(store);
        later.Denied(Uses.Of("key_1", "revoked", "203.0.113.7"));
        await later.FlushAsync();
        Assert.Equal(2, (await ToldAsync(store)).Count);
    }

    [Theory, BothEngines]
    public async Task A_burst_of_denials_from_one_network(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        var signals = Signals(store);
        for (var i = 0; i < 49; i++)
        {
            signals.Denied(Uses.Unknown($"203.0.113.{i}"));
            signals.Denied(Uses.Unknown($"10.0.{i}.1")); // as many from everywhere are no burst
        }

        await signals.FlushAsync();
        Assert.Empty(await ToldAsync(store));
        signals.Denied(Uses.Of("key_1", "insufficient_scope", "203.0.113.99"));
        await signals.FlushAsync();
        Assert.Equal(["signal.denial_burst  anonymous 203.0.113.99"], await ToldAsync(store));
    }

    /// <summary>Found by review: one dead key from ever new networks wrote an audit event each.</summary>
    [Theory, BothEngines]
    public async Task Many_networks_of_one_credential_tell_no_more_than_some(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        var signals = Signals(store);
        for (var i = 0; i < 1000; i++)
            signals.Denied(Uses.Of("key_1", "revoked", $"2001:db8:{i:x}::1"));
        await signals.FlushAsync();
        Assert.Equal(20, (await ToldAsync(store)).Count(signal => signal.StartsWith("signal.revoked_use", StringComparison.Ordinal)));
    }

    /// <summary>Found by review: after the first ten minutes the same scopes were never counted again.</summary>
    [Theory, BothEngines]
    public async Task Probing_again_is_told_again(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        var signals = Signals(store);
        foreach (var hour in new[] { 1, 2 })
        {
            for (var i = 0; i < 5; i++)
                signals.Denied(Uses.Of("key_1", "insufficient_scope", null, $"s{i}"));
            await signals.FlushAsync();
            Assert.Equal(hour, (await ToldAsync(store)).Count);
            _time.Advance(TimeSpan.FromHours(1));
        }
    }

    [Theory, BothEngines]
    public async Task Probing_of_scopes_and_not_one_scope_asked_for_often(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        var signals = Signals(store);
        for (var i = 0; i < 20; i++)
            signals.Denied(Uses.Of("key_1", "insufficient_scope", null, "s1"));
        for (var i = 0; i < 5; i++)
            signals.Denied(Uses.Of("key_2", "insufficient_scope", null, $"s{i}"));
        await signals.FlushAsync();
        Assert.Equal(["signal.scope_probing key_2 app_1 "], await ToldAsync(store));
    }

    [Theory, BothEngines]
    public async Task A_new_network_of_a_credential_that_had_one(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        var signals = Signals(store);
        signals.Used("key_1", "app_1", Uses.From("203.0.113.7"));
        signals.Used("key_1", "app_1", Uses.From("203.0.113.8"));
        signals.Used("key_1", "app_1", Uses.From(null)); // a door that does not tell
        await signals.FlushAsync();
        Assert.Empty(await ToldAsync(store)); // the first is where it lives
        var restarted = Signals(store);
        restarted.Used("key_1", "app_1", Uses.From("203.0.113.9"));
        restarted.Used("key_1", "app_1", Uses.From("2001:db8::1"));
        await restarted.FlushAsync();
        Assert.Equal(["signal.new_network key_1 app_1 2001:db8::1"], await ToldAsync(store));
        Assert.Equal(2, await store.CountAsync("credential_networks"));
    }

    [Theory, BothEngines]
    public async Task A_dormant_credential_awake(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        foreach (var (days, told) in new[] { (0, 0), (89, 0), (91, 1), (1, 1) })
        {
            _time.Advance(TimeSpan.FromDays(days));
            var signals = Signals(store);
            var lastUsed = new LastUsed(store.Database, signals, _time);
            lastUsed.Record("key_1", "app_1", supersededVersion: null, Uses.From("203.0.113.7"));
            await lastUsed.FlushAsync();
            await signals.FlushAsync();
            Assert.Equal(
                told,
                (await ToldAsync(store)).Count(signal => signal.StartsWith("signal.dormant_awake key_1", StringComparison.Ordinal))
            );
        }
    }

    [Theory, BothEngines]
    public async Task Signals_stand_in_the_chain_as_signals(Engine engine)
    {
        await using var store = await TestStore.OpenAsync(engine, _time);
        var signals = Signals(store);
        signals.Denied(Uses.Of("key_1", "revoked", "203.0.113.7"));
        await signals.FlushAsync();
        Assert.Equal(
            1,
            await store.CountAsync("audit_events", "result = 'signal' AND api = 'https://api.example.com' AND request_id = 'req_1'")
        );
        Assert.Equal((1L, null), await store.VerifyAsync());
    }

    private Signals Signals(TestStore store) =>
        new(store.Database, new ServerMetrics(_services.GetRequiredService<IMeterFactory>()), _time, NullLogger<Signals>.Instance);

    private static Task<List<string>> ToldAsync(TestStore store) =>
        store.Database.ReadAsync(async connection =>
            (
                await connection.QueryAsync<(string Action, string? CredentialId, string Actor, string? Ip)>(
                    "SELECT action, credential_id, actor, ip FROM audit_events ORDER BY seq"
                )
            )
                .Select(row => $"{row.Action} {row.CredentialId} {row.Actor} {row.Ip}")
                .ToList()
        );
}
