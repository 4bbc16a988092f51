using System.Diagnostics;
using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Abuse;

/// <summary>R20: crowds that send a byte a second are shown the door, and nobody else notices them.</summary>
public sealed class SlowLorisTests(SharedServers servers, ITestOutputHelper output)
{
    private static readonly TimeSpan HeaderLimit = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan BodyLimit = TimeSpan.FromSeconds(8); // five seconds of grace, then the rate over what was sent
    private static readonly TimeSpan GoodLimit = TimeSpan.FromMilliseconds(100);

    [Fact]
    public Task Slow_headers_are_closed_within_six_seconds() =>
        OutlastAsync(Form.Rounds(600, 2000), "GET /v1/me HTTP/1.1\r\nHost: x\r\nX-Slow: ", HeaderLimit);

    [Fact]
    public Task Slow_bodies_are_closed_by_their_rate() =>
        OutlastAsync(
            Form.Rounds(600, 1000), // each is answered 408, and on two cores so are the good ones
            "POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10000\r\n\r\n",
            BodyLimit
        );

    private async Task OutlastAsync(int crowd, string begin, TimeSpan limit)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var known = await Scenario.On(admin).ApiKey().CreateAsync();
        var good = Traffic.Verify(100, admin, known.ApiKey.Secret);
        await Task.Delay(500);
        var lives = new List<Task<TimeSpan>>();
        for (var n = 0; n < crowd; n++)
        {
            lives.Add(CrawlAsync(admin.Address, begin));
            if (n % 50 == 0)
                await Task.Delay(100); // they come within four seconds, and so are all there at once, but do not leave in one instant
        }
        var lasted = await Task.WhenAll(lives);
        var answers = await good.StopAsync();
        output.WriteLine($"{crowd} slow ones lasted {lasted.Describe()}");
        output.WriteLine($"good ones: {Traffic.Count(answers)}, {answers.Select(s => s.Took).Describe()}");
        Assert.True(lasted.Max() <= limit, $"one lasted {lasted.Max()}");
        Assert.All(answers, answer => Assert.Equal("valid", answer.Outcome));
        Assert.True(answers.Select(s => s.Took).Percentile(0.99) < GoodLimit, "good ones had to wait");
    }

    /// <summary>How long the server put up with it, from the first byte on.</summary>
    private static async Task<TimeSpan> CrawlAsync(string address, string begin)
    {
        using var connection = await RawConnection.OpenAsync(address);
        await connection.SendAsync(begin);
        var lasts = Stopwatch.StartNew();
        var closed = connection.ClosedAsync();
        while (await Task.WhenAny(closed, Task.Delay(1000)) != closed)
        {
            Assert.True(lasts.Elapsed < TimeSpan.FromSeconds(30), "never closed");
            try
            {
                await connection.SendAsync("a");
            }
            catch (IOException)
            {
                break; // closed between the two
            }
        }
        return lasts.Elapsed;
    }
}
