using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tokenry.Server.Core.KeyCare;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Tests.Platform.Store;

namespace Tokenry.Server.Tests.Core.KeyCare;

/// <summary>The schedule at its real durations, by a clock that a test turns.</summary>
public sealed class SigningKeyScheduleTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    [Theory, BothEngines]
    public async Task A_key_signs_for_ninety_days_and_is_published_around_that(Engine engine)
    {
        await using var scene = await Scene.ArrangeAsync(engine);
        var first = await scene.ActiveAsync();
        await scene.PassAsync(TimeSpan.FromDays(90) - TimeSpan.FromMinutes(10) - Tick);
        Assert.Equal([(first, "active")], await scene.StatesAsync());

        await scene.PassAsync(Tick);
        var second = (await scene.StatesAsync())[1].Id;
        Assert.Equal([(first, "active"), (second, "next")], await scene.StatesAsync());
        await scene.PassAsync(TimeSpan.FromMinutes(10) - Tick);
        Assert.Equal([(first, "active"), (second, "next")], await scene.StatesAsync());

        await scene.PassAsync(Tick);
        Assert.Equal([(first, "retired"), (second, "active")], await scene.StatesAsync());
        Assert.NotEqual(0, await scene.PrivateBytesAsync(first));
        await scene.PassAsync(TimeSpan.FromMinutes(66) - Tick);
        Assert.Equal([(first, "retired"), (second, "active")], await scene.StatesAsync());
        await scene.PassAsync(Tick);
        Assert.Equal([(first, "removed"), (second, "active")], await scene.StatesAsync());
        Assert.Equal(0, await scene.PrivateBytesAsync(first));
        Assert.NotEqual(0, await scene.PrivateBytesAsync(second));

        await scene.PassAsync(TimeSpan.FromDays(89));
        Assert.Equal(2, (await scene.StatesAsync()).Count);
    }

    /// <summary>Off over the day of rotation, it publishes first all the same.</summary>
    [Theory, BothEngines]
    public async Task A_server_that_was_off_for_long_publishes_before_it_rotates(Engine engine)
    {
        await using var scene = await Scene.ArrangeAsync(engine);
        var first = await scene.ActiveAsync();
        await scene.PassAsync(TimeSpan.FromDays(400));
        Assert.Equal(["active", "next"], (await scene.StatesAsync()).Select(key => key.State));
        await scene.PassAsync(TimeSpan.FromMinutes(10) - Tick);
        Assert.Equal(first, await scene.ActiveAsync());
        await scene.PassAsync(Tick);
        Assert.NotEqual(first, await scene.ActiveAsync());
    }

    [Theory, BothEngines]
    public async Task Without_a_schedule_nothing_moves_by_itself(Engine engine)
    {
        await using var scene = await Scene.ArrangeAsync(engine, "0");
        await scene.PassAsync(TimeSpan.FromDays(4000));
        Assert.Equal(["active"], (await scene.StatesAsync()).Select(key => key.State));
    }

    /// <summary>Each made a key for it; one of them is kept.</summary>
    [Theory, BothEngines]
    public async Task Of_two_that_find_the_same_one_moves_the_keys(Engine engine)
    {
        await using var scene = await Scene.ArrangeAsync(engine);
        for (var rotation = 1; rotation <= 3; rotation++)
        {
            scene.Time.Advance(TimeSpan.FromDays(90));
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => scene.Schedule().RunOnceAsync()));
            await scene.PassAsync(TimeSpan.Zero); // what they did is known
            scene.Time.Advance(TimeSpan.FromMinutes(10));
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => scene.Schedule().RunOnceAsync()));
            await scene.PassAsync(TimeSpan.Zero);
            var states = await scene.StatesAsync();
            Assert.Equal(rotation + 1, states.Count);
            Assert.Equal("active", states[^1].State);
            Assert.Equal(rotation, await scene.Store.CountAsync("audit_events", "action = 'signing_key.activated'"));
            Assert.Equal(rotation, await scene.Store.CountAsync("audit_events", "action = 'signing_key.retired'"));
        }
    }

    private sealed class Scene : IAsyncDisposable
    {
        private readonly SigningKeyRing keys;
        private readonly TokenryOptions options;

        private Scene(TestStore store, FakeTimeProvider time, string rotateEvery)
        {
            (Store, Time) = (store, time);
            options = TokenryOptions.Read(
                new ConfigurationBuilder()
                    .AddInMemoryCollection([
                        new("Tokenry:Issuer", "https://tokens.example.com"),
                        new("Tokenry:SigningKeys:RotateEvery", rotateEvery),
                    ])
                    .Build()
            );
            keys = new SigningKeyRing(store.Database, store.Keys, store.Hub, time);
        }

        public TestStore Store { get; }

        public FakeTimeProvider Time { get; }

        public static async Task<Scene> ArrangeAsync(Engine engine, string rotateEvery = "90d")
        {
            var time = new FakeTimeProvider(TestStore.Start);
            var scene = new Scene(await TestStore.OpenAsync(engine, time), time, rotateEvery);
            await scene.keys.OpenAsync();
            return scene;
        }

        public SigningKeySchedule Schedule() =>
            new(
                keys,
                new SigningKeyMoves(options.SigningKeys, Time),
                Store.Database,
                new SystemGate(Store.Database, Time),
                options,
                Time,
                NullLogger<SigningKeySchedule>.Instance
            );

        public async Task PassAsync(TimeSpan time)
        {
            Time.Advance(time);
            await keys.CatchUpAsync();
            await Schedule().RunOnceAsync();
            await keys.CatchUpAsync();
        }

        public async Task<string> ActiveAsync() => (await StatesAsync()).Single(key => key.State == "active").Id;

        public async Task<IReadOnlyList<(string Id, string State)>> StatesAsync() =>
            [
                .. await Store.ReadAsync(connection =>
                    connection.QueryAsync<(string, string)>("SELECT key_id, state FROM signing_keys ORDER BY created_at, key_id")
                ),
            ];

        public Task<long> PrivateBytesAsync(string keyId) =>
            Store.ReadAsync(connection =>
                connection.QuerySingleAsync<long>(
                    "SELECT length(sealed_private_key) FROM signing_keys WHERE key_id = @keyId",
                    new { keyId }
                )
            );

        public async ValueTask DisposeAsync()
        {
            keys.Dispose();
            await Store.DisposeAsync();
        }
    }
}
