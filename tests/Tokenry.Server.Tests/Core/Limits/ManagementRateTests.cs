using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Tokenry.Server.Core.Limits;
using Tokenry.Server.Tests.Platform.Http;
using Tokenry.Server.Tests.Platform.Store;

namespace Tokenry.Server.Tests.Core.Limits;

/// <summary>A.9 (e): <c>Tokenry:Management:RequestsPerMinute</c>.</summary>
public sealed class ManagementRateTests
{
    [Theory, BothEngines]
    public async Task One_credential_has_its_requests_a_minute_and_others_have_theirs(Engine engine)
    {
        var options = new ServerOptions { Settings = new Dictionary<string, string?> { ["Tokenry:Management:RequestsPerMinute"] = "30" } };
        await using var server = await ServerProcess.StartAsync(engine, options);
        var greedy = await server.AdminAsync();
        ApiResponse answer;
        var served = 0;
        while ((answer = await greedy.GetAsync("/v1/me")).Status == 200)
            Assert.InRange(++served, 1, 10_000);
        Assert.InRange(served, 30, 10_000);
        answer.Expect(429, "too_many_requests");
        Assert.InRange(int.Parse(answer.Header("Retry-After")!, CultureInfo.InvariantCulture), 1, 2);
        await (await server.AdminAsync()).GetAsync("/v1/me").Expect(200);
        // Doors are asked for every request of other APIs.
        for (var i = 0; i < 100; i++)
            await greedy.PostAsync("/v1/verify", new { token = "tkr_key_x" }).Expect(200);
    }

    [Fact]
    public void A_minutes_worth_at_once_and_then_evenly()
    {
        var time = new FakeTimeProvider(TestStore.Start);
        var rate = new ManagementRate(EgressTests.Options(), time);
        for (var i = 0; i < 6000; i++)
            Assert.Equal(TimeSpan.Zero, rate.Count("pat_a"));
        Assert.Equal(TimeSpan.FromMilliseconds(10), rate.Count("pat_a"));
        Assert.Equal(TimeSpan.Zero, rate.Count("pat_b"));
        time.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 100; i++)
            Assert.Equal(TimeSpan.Zero, rate.Count("pat_a"));
        Assert.NotEqual(TimeSpan.Zero, rate.Count("pat_a"));
    }

    [Fact]
    public void What_still_counts_is_not_forgotten_for_others()
    {
        var rate = new ManagementRate(EgressTests.Options(), new FakeTimeProvider(TestStore.Start));
        for (var i = 0; i < 6000; i++)
            rate.Count("pat_a");
        for (var i = 0; i < 25_000; i++)
            rate.Count(string.Create(CultureInfo.InvariantCulture, $"pat_{i}"));
        Assert.NotEqual(TimeSpan.Zero, rate.Count("pat_a"));
    }
}
