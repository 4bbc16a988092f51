using System.Net.Sockets;
using System.Text;

namespace Tokenry.Server.Tests.Platform.Http;

/// <summary>An answer as it came over the socket.</summary>
internal sealed record RawResponse(int Status, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>Requests that no well-behaved client would send, byte for byte.</summary>
internal static class RawHttp
{
    /// <summary>One request on its own connection; <paramref name="lines"/> are the header lines after Host, characters being bytes.</summary>
    public static Task<RawResponse> SendAsync(ApiClient server, string requestLine, IEnumerable<string> lines, string body = "")
    {
        var host = new Uri(server.Address).Authority;
        var head = string.Join("\r\n", [requestLine, $"Host: {host}", "Connection: close", .. lines]);
        return SendAsync(server, Encoding.Latin1.GetBytes($"{head}\r\n\r\n{body}"));
    }

    /// <summary>A form with its Content-Length, to which header lines can be added.</summary>
    public static Task<RawResponse> FormAsync(ApiClient server, string path, IEnumerable<string> lines, string body) =>
        SendAsync(
            server,
            $"POST {path} HTTP/1.1",
            ["Content-Type: application/x-www-form-urlencoded", $"Content-Length: {body.Length}", .. lines],
            body
        );

    public static async Task<RawResponse> SendAsync(ApiClient server, byte[] request)
    {
        var address = new Uri(server.Address);
        using var client = new TcpClient();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await client.ConnectAsync(address.Host, address.Port, deadline.Token);
        await using var stream = client.GetStream();
        await stream.WriteAsync(request, deadline.Token);
        using var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer, deadline.Token);
        }
        catch (IOException)
        {
            // The server may reset the connection behind its answer: it has not read what it refused.
        }
        return Parse(Encoding.Latin1.GetString(answer.ToArray()));
    }

    private static RawResponse Parse(string answer)
    {
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        Assert.True(end > 0, $"no HTTP answer: '{answer}'");
        var lines = answer[..end].Split("\r\n");
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = (line[..colon], line[(colon + 1)..].Trim());
            headers[name] = headers.TryGetValue(name, out var before) ? $"{before}, {value}" : value;
        }
        return new RawResponse(int.Parse(lines[0].Split(' ')[1]), headers, answer[(end + 4)..]);
    }
}
