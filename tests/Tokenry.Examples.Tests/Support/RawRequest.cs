using System.Net.Sockets;
using System.Text;

namespace Tokenry.Examples.Tests.Support;

/// <summary>A request written byte by byte: no client of good manners sends what an attacker does.</summary>
internal sealed record RawRequest(string Method, string Target)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Header lines as they go out; they may repeat.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];

    public string? Body { get; init; }

    /// <summary>How to tell this request from others in the API's log.</summary>
    public string TestId { get; } = Guid.NewGuid().ToString("N");

    /// <summary>The value of <c>Connection</c>.</summary>
    public string Connection { get; init; } = "close";

    public async Task<RawAnswer> SendAsync(string address)
    {
        var host = new Uri(address);
        using var deadline = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(host.Host, host.Port, deadline.Token);
        await using var stream = client.GetStream();
        var body = Encoding.UTF8.GetBytes(Body ?? "");
        IEnumerable<string> lines =
        [
            $"{Method} {Target} HTTP/1.1",
            $"Host: {host.Authority}",
            $"X-Test-Id: {TestId}",
            $"Connection: {Connection}",
            .. Headers,
            .. Body is null ? (string[])[] : ["Content-Type: application/json", $"Content-Length: {body.Length}"],
            "",
            "",
        ];
        // In one piece: a body that comes after the refusal is answered with a reset, and the refusal is lost.
        await stream.WriteAsync((byte[])[.. Encoding.Latin1.GetBytes(string.Join("\r\n", lines)), .. body], deadline.Token);
        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer, deadline.Token);
        return RawAnswer.Read(Encoding.Latin1.GetString(answer.ToArray()));
    }
}

/// <summary>What came back, header lines as they came.</summary>
internal sealed record RawAnswer(int Status, IReadOnlyList<(string Name, string Value)> Headers, string Body)
{
    public string[] Lines(string name) =>
        [.. Headers.Where(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value)];

    public string? Header(string name) => Lines(name) is { Length: > 0 } lines ? string.Join(", ", lines) : null;

    public static RawAnswer Read(string text)
    {
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        Assert.True(end > 0, $"no answer: {text}");
        var lines = text[..end].Split("\r\n");
        var headers = lines.Skip(1).Select(line => line.Split(':', 2)).Select(pair => (pair[0], pair[1].Trim()));
        var answer = new RawAnswer(int.Parse(lines[0].Split(' ')[1]), [.. headers], text[(end + 4)..]);
        return answer.Header("Transfer-Encoding") == "chunked" ? answer with { Body = Join(answer.Body) } : answer;
    }

    private static string Join(string chunks)
    {
        var whole = new StringBuilder();
        for (var at = 0; ; )
        {
            var line = chunks.IndexOf("\r\n", at, StringComparison.Ordinal);
            var length = Convert.ToInt32(chunks[at..line], 16);
            if (length == 0)
                return whole.ToString();
            whole.Append(chunks, line + 2, length);
            at = line + 2 + length + 2;
        }
    }
}
