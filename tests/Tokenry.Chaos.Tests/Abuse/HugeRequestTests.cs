using System.Text;
using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Abuse;

/// <summary>R21: what is too large is refused while it arrives, for next to no processor time and no memory that stays.</summary>
public sealed class HugeRequestTests(ITestOutputHelper output)
{
    private const string FormType = "Content-Type: application/x-www-form-urlencoded\r\n";
    private const string JsonType = "Content-Type: application/json\r\n";
    private const int Warmup = 30;
    private const double MebibytesEach = 5;
    private static readonly TimeSpan ProcessorEach = TimeSpan.FromMilliseconds(5);
    private static readonly int Repetitions = Form.Rounds(60, 900);

    [Fact]
    public async Task Each_is_refused_cheaply_and_leaves_nothing_behind()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        var admin = await server.AdminAsync();
        var bearer = $"Authorization: Bearer {admin.Bearer}\r\n";
        (string Name, int[] Statuses, Func<RawConnection, Task> Send)[] requests =
        [
            ("a form of 64 KiB and a byte", [413], With("POST /oauth/token", FormType, "a=" + A(64 * 1024 - 1))),
            (
                "a form of 10,000 parameters",
                [400],
                With("POST /oauth/token", FormType, string.Join('&', Enumerable.Range(0, 10_000).Select(n => $"p{n}")))
            ),
            (
                "a scope of a million characters",
                [413],
                With("POST /oauth/token", FormType, "grant_type=client_credentials&scope=" + A(1_000_000))
            ),
            (
                "a scope that just fits a form",
                [400, 401, 429],
                With("POST /oauth/token", FormType, "grant_type=client_credentials&scope=" + A(60_000))
            ),
            ("a form of a gibibyte in chunks", [413], connection => ChunksAsync(connection, "POST /oauth/token", FormType)),
            ("JSON of a gibibyte in chunks", [413], connection => ChunksAsync(connection, "POST /v1/verify", bearer + JsonType)),
            ("a header of a megabyte", [431], With("GET /v1/me", $"X-Large: {A(1 << 20)}\r\n")),
            ("a token of a megabyte in a header", [431], With("GET /v1/me", $"Authorization: Bearer {A(1 << 20)}\r\n")),
            ("a token of a megabyte in JSON", [413], With("POST /v1/verify", bearer + JsonType, $$"""{"token":"{{A(1 << 20)}}"}""")),
            ("a token that just fits JSON", [200], With("POST /v1/verify", bearer + JsonType, $$"""{"token":"{{A(250_000)}}"}""")),
            ("JSON 100,000 deep", [400], With("POST /v1/verify", bearer + JsonType, "{\"token\":" + new string('[', 100_000))),
            (
                "a scope of a million characters in JSON",
                [413],
                With("POST /v1/verify", bearer + JsonType, $$"""{"token":"x","scopes":["{{A(1_000_000)}}"]}""")
            ),
            ("a request line of a megabyte", [414, 400], With("GET /" + A(1 << 20), "")),
        ];
        foreach (var request in requests)
            await RepeatAsync(server.Address, request, Warmup);
        var faults = new List<string>();
        var before = ProcessFacts.Resident(server.ProcessId);
        foreach (var request in requests)
        {
            var memory = ProcessFacts.Resident(server.ProcessId);
            var heard = "";
            var each = TimeSpan.MaxValue; // of some parts the best: the collector, the compiler and a crowded processor only add
            for (var part = 0; part < 3 || (each > ProcessorEach && part < 12); part++)
            {
                var processor = ProcessFacts.Processor(server.ProcessId);
                heard = await RepeatAsync(server.Address, request, Repetitions / 3);
                var cost = (ProcessFacts.Processor(server.ProcessId) - processor) / (Repetitions / 3);
                each = cost < each ? cost : each;
            }
            var grown = ProcessFacts.Resident(server.ProcessId) - memory;
            output.WriteLine($"{request.Name}: {heard}; {each.TotalMilliseconds:0.0} ms of processor each, {grown:+0.0;-0.0} MiB");
            if (each > ProcessorEach)
                faults.Add($"{request.Name}: {each.TotalMilliseconds:0.0} ms of processor each");
        }
        // Of one kind alone the collector's own steps would be measured.
        var all = ProcessFacts.Resident(server.ProcessId) - before;
        output.WriteLine($"in all {all:+0.0;-0.0} MiB over {requests.Length * Repetitions} requests");
        Assert.True(all < MebibytesEach * requests.Length, $"{all:0.0} MiB stayed");
        Assert.Empty(faults);
        Assert.DoesNotContain(server.StandardOutput, line => line.Contains("fault of the server", StringComparison.Ordinal));
    }

    private static string A(int count) => new('a', count);

    private static Func<RawConnection, Task> With(string line, string headers, string? body = null)
    {
        var length = body is null ? "" : $"Content-Length: {body.Length}\r\n";
        var bytes = Encoding.Latin1.GetBytes($"{line} HTTP/1.1\r\nHost: x\r\n{headers}{length}\r\n{body}");
        return connection => connection.SendAsync(bytes);
    }

    /// <summary>As much of a gibibyte as the server puts up with.</summary>
    private static async Task ChunksAsync(RawConnection connection, string line, string headers)
    {
        await connection.SendAsync($"{line} HTTP/1.1\r\nHost: x\r\n{headers}Transfer-Encoding: chunked\r\n\r\n");
        var chunk = Encoding.Latin1.GetBytes($"8000\r\n{A(0x8000)}\r\n");
        for (var n = 0; n < (1 << 30) / 0x8000; n++)
            await connection.SendAsync(chunk);
    }

    private static async Task<string> RepeatAsync(
        string address,
        (string Name, int[] Statuses, Func<RawConnection, Task> Send) request,
        int times
    )
    {
        var heard = new Dictionary<int, int>();
        for (var n = 0; n < times; n++)
        {
            using var connection = await RawConnection.OpenAsync(address);
            var sending = SendAsync();
            var status = await StatusAsync(connection);
            // A client that is still sending when it is refused may be cut off before it has read why.
            Assert.True(status == 0 || request.Statuses.Contains(status), $"{request.Name}: {status}");
            heard[status] = heard.GetValueOrDefault(status) + 1;
            connection.Dispose();
            await sending;

            async Task SendAsync()
            {
                try
                {
                    await request.Send(connection);
                }
                catch (Exception exception) when (exception is IOException or ObjectDisposedException)
                {
                    // Refused before all of it was sent.
                }
            }
        }
        Assert.True(heard.GetValueOrDefault(0) < times, $"{request.Name}: never an answer");
        return string.Join(", ", heard.Select(pair => pair.Key == 0 ? $"{pair.Value} × cut off" : $"{pair.Value} × {pair.Key}"));
    }

    private static async Task<int> StatusAsync(RawConnection connection)
    {
        try
        {
            return await connection.StatusAsync();
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
