using System.Text;
using Tokenry.Chaos.Tests.Support;

namespace Tokenry.Chaos.Tests.Abuse;

/// <summary>
/// R21: what is too large is refused while it arrives, for little processor time and no memory that stays. Little is a ratio: machines differ in speed,
/// so the unit is a request of the same size, to the same process, that the server reads whole and answers.
/// </summary>
public sealed class HugeRequestTests(ITestOutputHelper output)
{
    private const string FormType = "Content-Type: application/x-www-form-urlencoded\r\n";
    private const string JsonType = "Content-Type: application/json\r\n";
    private const int Warmup = 30;
    private const double MebibytesEach = 5;

    /// <summary>A refusal costs at most so many units.</summary>
    private const double UnitsEach = 3;

    /// <summary>Four times the bytes: in linear time at most four times the cost, in quadratic time sixteen times.</summary>
    private const double FourfoldAtMost = 10;

    private static readonly int Repetitions = Form.Rounds(60, 900);

    private static readonly int PerTurn = Math.Max(40, Repetitions / 3);

    [Fact]
    public async Task Each_is_refused_cheaply_and_leaves_nothing_behind()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Sqlite);
        var admin = await server.AdminAsync();
        var bearer = $"Authorization: Bearer {admin.Bearer}\r\n";
        Request[] requests =
        [
            new("a form of 64 KiB and a byte", [413], With("POST /oauth/token", FormType, "a=" + A(64 * 1024 - 1))),
            new(
                "a form of 10,000 parameters",
                [400],
                With("POST /oauth/token", FormType, string.Join('&', Enumerable.Range(0, 10_000).Select(n => $"p{n}")))
            ),
            new(
                "a scope of a million characters",
                [413],
                With("POST /oauth/token", FormType, "grant_type=client_credentials&scope=" + A(1_000_000))
            ),
            new(
                "a scope that just fits a form",
                [400, 401, 429],
                With("POST /oauth/token", FormType, "grant_type=client_credentials&scope=" + A(60_000))
            ),
            new("a form of a gibibyte in chunks", [413], connection => ChunksAsync(connection, "POST /oauth/token", FormType)),
            new("JSON of a gibibyte in chunks", [413], connection => ChunksAsync(connection, "POST /v1/verify", bearer + JsonType)),
            new("a header of a megabyte", [431], With("GET /v1/me", $"X-Large: {A(1 << 20)}\r\n")),
            new("a token of a megabyte in a header", [431], With("GET /v1/me", $"Authorization: Bearer {A(1 << 20)}\r\n")),
            new("a token of a megabyte in JSON", [413], With("POST /v1/verify", bearer + JsonType, $$"""{"token":"{{A(1 << 20)}}"}""")),
            new("a token that just fits JSON", [200], With("POST /v1/verify", bearer + JsonType, $$"""{"token":"{{A(250_000)}}"}""")),
            new("JSON 100,000 deep", [400], With("POST /v1/verify", bearer + JsonType, "{\"token\":" + new string('[', 100_000))),
            new(
                "a scope of a million characters in JSON",
                [413],
                With("POST /v1/verify", bearer + JsonType, $$"""{"token":"x","scopes":["{{A(1_000_000)}}"]}""")
            ),
            new("a request line of a megabyte", [414, 400], With("GET /" + A(1 << 20), "")),
        ];
        Request Padded(int bytes) =>
            new(
                $"an ordinary request of {bytes:N0} bytes",
                [200],
                With("POST /v1/verify", bearer + JsonType, "{" + new string(' ', bytes) + "\"token\":\"x\"}")
            );
        var unit = Padded(250_000);
        var quarter = Padded(62_500);
        foreach (var request in requests.Append(unit).Append(quarter))
            await RepeatAsync(server.Address, request, Warmup);
        var faults = new List<string>();
        var before = ProcessFacts.Resident(server.ProcessId);
        foreach (var request in requests)
        {
            var memory = ProcessFacts.Resident(server.ProcessId);
            var (each, limit) = await CostsAsync(server, request, unit, UnitsEach);
            var grown = ProcessFacts.Resident(server.ProcessId) - memory;
            output.WriteLine($"{request.Name}: {Milliseconds(each)} of at most {Milliseconds(limit)}, {grown:+0.0;-0.0} MiB");
            if (each > limit)
                faults.Add($"{request.Name}: {Milliseconds(each)}, more than {UnitsEach} times {unit.Name}");
        }
        var (whole, fourfold) = await CostsAsync(server, unit, quarter, FourfoldAtMost);
        output.WriteLine($"{unit.Name}: {Milliseconds(whole)} of at most {Milliseconds(fourfold)}");
        if (whole > fourfold)
            faults.Add($"{unit.Name}: {Milliseconds(whole)}, more than {FourfoldAtMost} times {quarter.Name}");
        // Of one kind alone the collector's own steps would be measured.
        var all = ProcessFacts.Resident(server.ProcessId) - before;
        output.WriteLine($"in all {all:+0.0;-0.0} MiB over {requests.Length} kinds of requests");
        Assert.True(all < MebibytesEach * requests.Length, $"{all:0.0} MiB stayed");
        Assert.Empty(faults);
        Assert.DoesNotContain(server.StandardOutput, line => line.Contains("fault in the server", StringComparison.Ordinal));
    }

    /// <summary>
    /// What a request costs, and what it may cost: so many times the reference. The two take turns, and of each the cheapest turn counts: the
    /// collector, the compiler and a crowded processor only add.
    /// </summary>
    private static async Task<(TimeSpan Each, TimeSpan Limit)> CostsAsync(
        ServerProcess server,
        Request request,
        Request reference,
        double times
    )
    {
        var (each, limit) = (TimeSpan.MaxValue, TimeSpan.MaxValue);
        for (var turn = 0; turn < 3 || (each > limit && turn < 12); turn++)
        {
            limit = Least(limit, times * await CostAsync(server, reference));
            each = Least(each, await CostAsync(server, request));
        }
        return (each, limit);
    }

    private static async Task<TimeSpan> CostAsync(ServerProcess server, Request request)
    {
        var before = ProcessorTime.Of(server.ProcessId);
        await RepeatAsync(server.Address, request, PerTurn);
        return (ProcessorTime.Of(server.ProcessId) - before) / PerTurn;
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static string Milliseconds(TimeSpan time) => $"{time.TotalMilliseconds:0.00} ms of processor";

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

    private static async Task RepeatAsync(string address, Request request, int times)
    {
        var answers = 0;
        for (var n = 0; n < times; n++)
        {
            using var connection = await RawConnection.OpenAsync(address);
            var sending = SendAsync();
            var status = await StatusAsync(connection);
            // A client that is still sending when it is refused may be cut off before it has read why.
            Assert.True(status == 0 || request.Statuses.Contains(status), $"{request.Name}: {status}");
            answers += status == 0 ? 0 : 1;
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
        Assert.True(answers > 0, $"{request.Name}: never an answer");
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

    private sealed record Request(string Name, int[] Statuses, Func<RawConnection, Task> Send);
}
