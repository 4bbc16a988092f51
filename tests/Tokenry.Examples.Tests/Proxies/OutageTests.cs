using System.Diagnostics;
using Tokenry.Examples.Tests.Support;

namespace Tokenry.Examples.Tests.Proxies;

/// <summary>When Tokenry cannot know, nobody gets in, and the client is told to come again.</summary>
public sealed class OutageTests
{
    [Theory, InlineData("nginx", 503), InlineData("caddy", 502)]
    public async Task Without_the_store_503_without_Tokenry_503_or_502_and_nothing_reaches_the_API_or_a_log(
        string proxy,
        int withoutTokenry
    )
    {
        await using var cluster = await PostgresCluster.StartPrivateAsync(fsync: false);
        await using var example = await Example.StartAsync(proxy, await cluster.CreateDatabaseAsync());
        var request = new RawRequest("GET", "/invoices/1001") { Headers = [$"X-API-Key: {example["API_KEY"]}"] };
        Assert.Equal(200, (await request.SendAsync(example.Proxy)).Status);

        await cluster.StopAsync(immediate: true);
        var away = await UntilAsync(example, request, 503); // facts that are known stay good for five seconds
        Assert.Equal(["1"], away.Lines("Retry-After"));
        await cluster.StartAgainAsync();
        await UntilAsync(example, request, 200);

        example.Kill("api");
        var failed = new RawRequest("GET", $"/reports?api_key={example["REPORTS_KEY"]}");
        Assert.Equal(502, (await failed.SendAsync(example.Proxy)).Status);

        example.Kill("tokenry");
        var dead = new RawRequest("GET", $"/reports?api_key={example["REPORTS_KEY"]}") { Headers = [Questions.Basic(example["PAT"])] };
        Assert.Equal(withoutTokenry, (await dead.SendAsync(example.Proxy)).Status);
        Assert.Empty(example.Seen(dead.TestId));

        // The proxies' errors of these minutes quote requests.
        Assert.Empty(example.Leaks());
    }

    private static async Task<RawAnswer> UntilAsync(Example example, RawRequest request, int status)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var answer = await request.SendAsync(example.Proxy);
            if (answer.Status == status)
            {
                return answer;
            }

            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(30), $"still {answer.Status}: {answer.Body}");
            await Task.Delay(100);
        }
    }
}
