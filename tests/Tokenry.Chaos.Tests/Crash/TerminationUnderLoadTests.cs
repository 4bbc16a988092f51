using System.Collections.Concurrent;
using System.Diagnostics;
using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Crash;

/// <summary>R24 on the wire: of clients who keep their connections, none is cut off in the middle of a request that SIGTERM found under way.</summary>
public sealed class TerminationUnderLoadTests(ITestOutputHelper output)
{
    private const int Clients = 32;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Theory, BothEngines]
    public async Task No_request_it_has_begun_is_cut_off(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var known = await Scenario.On(admin).ApiKey().CreateAsync();
        for (var round = 0; round < Form.Rounds(1, 6); round++)
        {
            var (ends, acknowledged) = (new ConcurrentQueue<string>(), new ConcurrentQueue<int>());
            var audited = await LastEventAsync(admin);
            var clients = Enumerable
                .Range(0, Clients)
                .Select(n => TalkAsync(admin, known.ApiKey, writes: n % 4 == 0, acknowledged, ends))
                .ToArray();
            await Task.Delay(1500);
            Assert.Empty(ends);
            var took = Stopwatch.StartNew();
            Assert.Equal(0, await server.StopAsync());
            var ended = took.Elapsed;
            await Task.WhenAll(clients);
            output.WriteLine(
                $"{engine}: ended after {ended.TotalSeconds:0.00} s; "
                    + string.Join(", ", ends.GroupBy(end => end).Select(group => $"{group.Count()} × {group.Key}"))
            );
            Assert.True(ended <= Limit, $"took {ended}");
            Assert.DoesNotContain(ends, end => end is "cut off" or "reset");
            // What was read and done but not answered would be one event more than answers.
            await server.LaunchAsync();
            Assert.Equal(acknowledged.Count, await LastEventAsync(admin) - audited);
            Assert.NotEmpty(acknowledged);
        }
    }

    /// <summary>One request after the other on one connection, until the server ends it.</summary>
    private static async Task TalkAsync(
        ApiClient admin,
        CreatedCredential key,
        bool writes,
        ConcurrentQueue<int> acknowledged,
        ConcurrentQueue<string> ends
    )
    {
        using var connection = await RawConnection.OpenAsync(admin.Address);
        while (true)
        {
            try
            {
                await connection.SendAsync(Request(admin, key, writes));
                var status = await connection.StatusAsync();
                if (status == 200 && writes)
                    acknowledged.Enqueue(status);
                if (status == 200 && !connection.IsLast)
                    continue;
                // Closed without a byte: who keeps connections knows that a request may meet the end of one (RFC 9112 §9.3.1).
                ends.Enqueue(
                    status switch
                    {
                        200 => "answered, and told that it was the last",
                        0 => "closed unread",
                        _ => $"{status}",
                    }
                );
            }
            catch (IOException exception)
            {
                ends.Enqueue(exception.InnerException is System.Net.Sockets.SocketException ? "reset" : "cut off");
            }
            return;
        }
    }

    private static string Request(ApiClient admin, CreatedCredential key, bool writes)
    {
        var head = $"/v1/api-keys/{key.Id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {admin.Bearer}\r\n";
        if (!writes)
            return $"GET {head}\r\n";
        var body = $$"""{"name":"{{CreateRequests.Unique("before the end")}}"}""";
        return $"PATCH {head}Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}";
    }

    private static async Task<long> LastEventAsync(ApiClient admin) =>
        (await admin.GetAsync("/v1/audit?limit=1").Expect(200)).Json.GetProperty("items")[0].GetProperty("seq").GetInt64();
}
