using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tokenry.Testing;

/// <summary>A mail server on this machine (RFC 5321) that keeps what it takes. It offers no TLS.</summary>
public sealed class MailSink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _accepting;
    private int _connections;
    private int _refusals;

    public MailSink()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What it took, headers and body.</summary>
    public ConcurrentQueue<string> Mails { get; } = new();

    /// <summary>Connections so far.</summary>
    public int Connections => _connections;

    /// <summary>How many mails it refuses before it takes one.</summary>
    public int Refusals
    {
        get => _refusals;
        init => _refusals = value;
    }

    /// <summary>The settings of a server that gives it mail.</summary>
    public Dictionary<string, string?> Settings(string security = "none") =>
        new(StringComparer.Ordinal)
        {
            ["Tokenry:Mail:Server"] = "127.0.0.1",
            ["Tokenry:Mail:Port"] = $"{Port}",
            ["Tokenry:Mail:Security"] = security,
            ["Tokenry:Mail:From"] = "tokenry@example.com",
        };

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        Interlocked.Increment(ref _connections);
        try
        {
            using var _ = client;
            using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
            await using var writer = new StreamWriter(client.GetStream(), new UTF8Encoding(false)) { NewLine = "\r\n", AutoFlush = true };
            await writer.WriteLineAsync("220 sink");
            while (await reader.ReadLineAsync(_end.Token) is { } line)
            {
                var verb = line.Split(' ')[0].ToUpperInvariant();
                await writer.WriteLineAsync(
                    verb switch
                    {
                        "MAIL" when Interlocked.Decrement(ref _refusals) >= 0 => "451 later",
                        "DATA" => "354 go on",
                        "QUIT" => "221 bye",
                        _ => "250 ok",
                    }
                );
                if (verb == "DATA")
                {
                    Mails.Enqueue(await ReadMailAsync(reader));
                    await writer.WriteLineAsync("250 taken");
                }

                if (verb == "QUIT")
                    return;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The other side left.
        }
    }

    private async Task<string> ReadMailAsync(StreamReader reader)
    {
        var mail = new StringBuilder();
        while (await reader.ReadLineAsync(_end.Token) is { } line and not ".")
            mail.Append(line).Append('\n');
        return mail.ToString();
    }
}
