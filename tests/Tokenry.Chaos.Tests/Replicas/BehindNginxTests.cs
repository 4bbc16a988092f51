using System.Collections.Concurrent;
using System.Diagnostics;
using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Replicas;

/// <summary>
/// R11: two replicas behind nginx under 300 requests a second. What one of them took back, the other refuses within a second; within two
/// where no notification arrives; and where it cannot read at all, it does not answer from what it once knew for more than five.
/// </summary>
public sealed class BehindNginxTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly TimeSpan Notified = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Polled = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(5);
    private ServerProcess _one = null!;
    private ServerProcess _two = null!;
    private PostgresRelay _cable = null!;
    private Nginx _nginx = null!;
    private ApiClient _here = null!;
    private ApiClient _there = null!;
    private Created _made = null!;

    [Fact]
    public async Task What_one_takes_back_the_other_refuses_within_a_second()
    {
        var load = Traffic.Verify(300, _here.At(_nginx.Address), _made.ApiKey.Secret);
        var delays = await RevokeAsync(Form.Rounds(60, 1000));
        var answers = await load.StopAsync();
        output.WriteLine(
            $"refused after {delays.Describe()}; meanwhile {Traffic.Count(answers)}, {answers.Select(s => s.Took).Describe()}"
        );
        Assert.All(answers, answer => Assert.Equal("valid", answer.Outcome));
        Assert.True(delays.Percentile(0.99) <= Notified, delays.Describe());
        Assert.True(delays.Max() <= Polled, delays.Describe());
    }

    [Fact]
    public async Task Without_notifications_within_two()
    {
        _cable.WithholdsNotifications = true;
        var load = Traffic.Verify(300, _here.At(_nginx.Address), _made.ApiKey.Secret);
        var delays = await RevokeAsync(Form.Rounds(24, 200));
        var answers = await load.StopAsync();
        output.WriteLine($"refused after {delays.Describe()}; {_cable.Withheld} notifications withheld");
        Assert.True(_cable.Withheld > 0, "nothing was withheld");
        Assert.All(answers, answer => Assert.Equal("valid", answer.Outcome));
        Assert.True(delays.Max() <= Polled, delays.Describe());
    }

    [Fact]
    public async Task Cut_off_it_answers_503_after_five_and_never_valid_again()
    {
        var key = await _here.CreateApiKeyAsync(_made.Application.Id);
        Assert.Equal("valid", await Traffic.CodeAsync(_there, key.Secret));
        var asked = Traffic.Verify(100, _there, key.Secret);
        var other = Traffic.Verify(50, _here, _made.ApiKey.Secret);
        _cable.Cut();
        var cut = asked.Now;
        await _here.DeleteAsync($"/v1/api-keys/{key.Id}").Expect(204);
        await Task.Delay(TimeSpan.FromSeconds(Form.Rounds(7, 30)));
        _cable.Mend();
        var mended = asked.Now;
        for (var waited = Stopwatch.StartNew(); await Traffic.CodeAsync(_there, key.Secret) != "revoked"; await Task.Delay(20))
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(3), "not well three seconds after it was");
        var healed = asked.Now - mended;
        var answers = await asked.StopAsync();
        var lastGood = answers.Where(s => s.Outcome == "valid").Max(s => s.At) - cut;
        output.WriteLine(
            $"served for {lastGood.TotalSeconds:0.00} s: {Traffic.Count(answers)}; knew of it {healed.TotalSeconds:0.00} s after the cut was mended"
        );
        Assert.All(answers, s => Assert.Contains(s.Outcome, new[] { "valid", "503", "revoked" }));
        Assert.DoesNotContain(answers, s => s.Outcome == "valid" && s.At > cut + Stale);
        Assert.Contains(answers, s => s.Outcome == "503");
        Assert.All(await other.StopAsync(), s => Assert.Equal("valid", s.Outcome));
    }

    public async ValueTask InitializeAsync()
    {
        _one = await ServerProcess.StartAsync(Engine.Postgres);
        (_cable, var cabled) = PostgresRelay.To(_one.ConnectionString!);
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Tokenry:KeyFile"] = Path.Combine(_one.DataDirectory, "tokenry.keys"),
        };
        _two = await ServerProcess.StartAsync(Engine.Postgres, new ServerOptions { ConnectionString = cabled, Settings = settings });
        _nginx = await Nginx.BeforeAsync(_one, _two);
        var admin = await _one.AdminAsync();
        (_here, _there) = (admin.At(_nginx.AddressOf(0)), admin.At(_nginx.AddressOf(1)));
        _made = await Scenario.On(_here).ApiKey().CreateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _nginx?.Dispose();
        if (_two is not null)
            await _two.DisposeAsync();
        if (_cable is not null)
            await _cable.DisposeAsync();
        if (_one is not null)
            await _one.DisposeAsync();
    }

    /// <summary>Four at a time: how long after the acknowledgement by the one the other still said valid.</summary>
    private async Task<IReadOnlyCollection<TimeSpan>> RevokeAsync(int count)
    {
        var delays = new ConcurrentQueue<TimeSpan>();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (_, _) =>
            {
                var key = await _here.CreateApiKeyAsync(_made.Application.Id);
                Assert.Equal("valid", await Traffic.CodeAsync(_there, key.Secret));
                await _here.DeleteAsync($"/v1/api-keys/{key.Id}").Expect(204);
                var waited = Stopwatch.StartNew();
                Assert.Equal("revoked", await Traffic.CodeAsync(_here, key.Secret));
                while (await Traffic.CodeAsync(_there, key.Secret) is var code && code != "revoked")
                {
                    Assert.Equal("valid", code);
                    Assert.True(waited.Elapsed < Stale, $"still valid after {waited.Elapsed}");
                    await Task.Delay(5, CancellationToken.None);
                }
                delays.Enqueue(waited.Elapsed);
            }
        );
        return delays;
    }
}
