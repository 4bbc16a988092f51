using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Tokenry.Chaos.Tests.Support;

/// <summary>A connection without manners, byte by byte.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _socket;
    private readonly NetworkStream _stream;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _filled;

    private RawConnection(TcpClient socket) => (_socket, _stream) = (socket, socket.GetStream());

    /// <summary>The last answer said that the connection ends with it.</summary>
    public bool IsLast { get; private set; }

    public static async Task<RawConnection> OpenAsync(string address)
    {
        var uri = new Uri(address);
        var socket = new TcpClient { NoDelay = true };
        try
        {
            await socket.ConnectAsync(uri.Host, uri.Port);
            return new RawConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes);

    /// <summary>The status of the next answer, read to its end; 0 if the connection ended before its first byte.</summary>
    /// <exception cref="IOException">It ended, or was reset, in the middle.</exception>
    public async Task<int> StatusAsync()
    {
        while (true)
        {
            var text = Encoding.Latin1.GetString(_buffer, 0, _filled);
            if (End(text) is { } end)
            {
                IsLast = text.AsSpan(0, end).Contains("\r\nConnection: close\r\n", StringComparison.OrdinalIgnoreCase);
                _buffer.AsSpan(end, _filled - end).CopyTo(_buffer);
                _filled -= end;
                return int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture);
            }
            var read = await _stream.ReadAsync(_buffer.AsMemory(_filled));
            if (read == 0)
                return _filled == 0 ? 0 : throw new IOException($"ended after {text}");
            _filled += read;
        }
    }

    /// <summary>Back when the server has closed, however it did.</summary>
    public async Task ClosedAsync()
    {
        try
        {
            while (await _stream.ReadAsync(_buffer) > 0) { }
        }
        catch (IOException)
        {
            // Reset: closed as well.
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Where the first answer ends: by its length, or where its chunks do (no body of ours looks like the end of chunks).</summary>
    private static int? End(string text)
    {
        const string Blank = "\r\n\r\n";
        const string LastChunk = "\r\n0\r\n\r\n";
        var head = text.IndexOf(Blank, StringComparison.Ordinal);
        if (head < 0)
            return null;
        var fields = text[..head].Split("\r\n");
        int? end = fields.Any(field => field.Equals("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase))
            ? text.IndexOf(LastChunk, head, StringComparison.Ordinal) is var last and >= 0
                ? last + LastChunk.Length
                : null
            : head
                + Blank.Length
                + fields
                    .Where(field => field.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
                    .Select(field => int.Parse(field.AsSpan(15), CultureInfo.InvariantCulture))
                    .FirstOrDefault();
        return end <= text.Length ? end : null;
    }
}
