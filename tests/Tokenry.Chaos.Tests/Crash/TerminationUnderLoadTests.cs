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
        var lines = $"Host: x\r\nAuthorization: Bearer {admin.Bearer}\r\n";
        var body = $$"""{"name":"{{CreateRequests.Unique("before the end")}}"}""";
        var read = $"GET /v1/api-keys/{known.ApiKey.Id} HTTP/1.1\r\n{lines}\r\n";
        var write =
            $"PATCH /v1/api-keys/{known.ApiKey.Id} HTTP/1.1\r\n{lines}Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}";
        for (var round = 0; round < Form.Rounds(1, 10); round++)
        {
            var ends = new ConcurrentQueue<string>();
            var clients = Enumerable.Range(0, Clients).Select(n => TalkAsync(server.Address, n % 4 == 0 ? write : read, ends)).ToArray();
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
            await server.LaunchAsync();
        }
    }

    /// <summary>One request after the other on one connection, until the server ends it.</summary>
    private static async Task TalkAsync(string address, string request, ConcurrentQueue<string> ends)
    {
        using var connection = await RawConnection.OpenAsync(address);
        while (true)
        {
            try
            {
                await connection.SendAsync(request);
            }
            catch (IOException)
            {
                ends.Enqueue("closed between two requests");
                return;
            }
            try
            {
                var status = await connection.StatusAsync();
                if (status == 200)
                    continue;
                // Closed without a byte: it had not been read, and whoever keeps connections sends it again (RFC 9112 §9.3.1).
                ends.Enqueue(status == 0 ? "closed unread" : $"{status}");
            }
            catch (IOException exception)
            {
                ends.Enqueue(exception.InnerException is System.Net.Sockets.SocketException ? "reset" : "cut off");
            }
            return;
        }
    }
}
