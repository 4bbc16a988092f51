using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Tokenry.Server.Tests.Edges;

/// <summary>One connection, kept open, that sends bytes as they are: no client library repairs them on the way.</summary>
internal sealed class KeepAlive(string address) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private TcpClient? client;

    /// <summary>The status of the answer; 0 where the server closed the connection without one.</summary>
    /// <exception cref="OperationCanceledException">No answer in 15 s: the server hangs.</exception>
    public async Task<int> SendAsync(byte[] request)
    {
        for (var isRetry = false; ; isRetry = true)
        {
            var isFresh = client is null;
            var status = await TryAsync(request);
            if (status != 0 || isFresh || isRetry)
            {
                return status;
            }
            // A kept connection may have been closed behind the answer before: once more on a new one.
        }
    }

    public void Dispose() => client?.Dispose();

    private async Task<int> TryAsync(byte[] request)
    {
        using var deadline = new CancellationTokenSource(Patience);
        var uri = new Uri(address);
        try
        {
            if (client is null)
            {
                client = new TcpClient { NoDelay = true };
                await client.ConnectAsync(uri.Host, uri.Port, deadline.Token);
            }

            var stream = client.GetStream();
            await stream.WriteAsync(request, deadline.Token);
            var (status, isClosing) = await ReadAsync(stream, hasBody: !request.AsSpan().StartsWith("HEAD "u8), deadline.Token);
            if (isClosing)
            {
                Close();
            }

            return status;
        }
        catch (IOException)
        {
            Close();
            return 0;
        }
    }

    private void Close()
    {
        client?.Dispose();
        client = null;
    }

    private static async Task<(int Status, bool IsClosing)> ReadAsync(NetworkStream stream, bool hasBody, CancellationToken cancellation)
    {
        var buffer = new byte[64 * 1024];
        using var answer = new MemoryStream();
        while (true)
        {
            var read = await stream.ReadAsync(buffer, cancellation);
            if (read == 0)
            {
                return (StatusOf(answer), true);
            }

            answer.Write(buffer, 0, read);
            var text = Encoding.Latin1.GetString(answer.GetBuffer(), 0, (int)answer.Length);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
            {
                continue;
            }

            var head = text[..end];
            var body = text.Length - end - 4;
            var isComplete =
                !hasBody
                || (
                    Header(head, "Transfer-Encoding") is not null
                        ? text.EndsWith("0\r\n\r\n", StringComparison.Ordinal)
                        : Header(head, "Content-Length") is not { } length || body >= long.Parse(length, CultureInfo.InvariantCulture)
                );
            if (isComplete)
            {
                return (StatusOf(answer), Header(head, "Connection") == "close");
            }
        }
    }

    private static int StatusOf(MemoryStream answer) =>
        answer.Length < 12 ? 0 : int.Parse(Encoding.ASCII.GetString(answer.GetBuffer(), 9, 3), CultureInfo.InvariantCulture);

    private static string? Header(string head, string name)
    {
        var at = head.IndexOf($"\r\n{name}:", StringComparison.OrdinalIgnoreCase);
        return at < 0 ? null : head[(at + name.Length + 3)..].Split('\r')[0].Trim();
    }
}
