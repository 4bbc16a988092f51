using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Tokenry.Chaos.Tests.Support;

/// <summary>
/// The cable between one server and its database, with a switch: notifications can be withheld, or everything (connections stay open and
/// nothing arrives, as in a network that fell apart). It reads PostgreSQL's messages, which without TLS are a type and a length.
/// </summary>
internal sealed class PostgresRelay : IAsyncDisposable
{
    private const byte NotificationResponse = (byte)'A';
    private readonly TcpListener _listener = new(IPAddress.Loopback, FreePort.Next());
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<TcpClient> _sockets = [];
    private readonly int _target;
    private TaskCompletionSource _open = Opened();
    private int _dropped;

    private PostgresRelay(int target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    public bool WithholdsNotifications { get; set; }

    /// <summary>Notifications that did not arrive.</summary>
    public int Withheld => _dropped;

    /// <returns>The relay and the same connection string through it.</returns>
    public static (PostgresRelay Relay, string ConnectionString) To(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        var relay = new PostgresRelay(builder.Port);
        builder.Port = ((IPEndPoint)relay._listener.LocalEndpoint).Port;
        builder.SslMode = SslMode.Disable;
        builder.GssEncryptionMode = GssEncryptionMode.Disable;
        return (relay, builder.ConnectionString);
    }

    public void Cut() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Mend() => _open.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Mend();
        _listener.Dispose();
        foreach (var socket in _sockets)
            socket.Dispose();
        _stop.Dispose();
    }

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = RelayAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var server = new TcpClient { NoDelay = true };
        using (client)
        {
            client.NoDelay = true;
            _sockets.Add(client);
            _sockets.Add(server);
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
                var there = AskAsync(client.GetStream(), server.GetStream());
                var back = AnswerAsync(server.GetStream(), client.GetStream());
                await Task.WhenAny(there, back);
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // One side is gone; the other is told by the closing of its socket.
            }
        }
    }

    private async Task AskAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[16 * 1024];
        while (await from.ReadAsync(buffer, _stop.Token) is var read and > 0)
        {
            await _open.Task;
            await to.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
        }
    }

    private async Task AnswerAsync(NetworkStream from, NetworkStream to)
    {
        var header = new byte[5];
        while (true)
        {
            await from.ReadExactlyAsync(header, _stop.Token);
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1)) - 4];
            await from.ReadExactlyAsync(body, _stop.Token);
            await _open.Task;
            if (header[0] == NotificationResponse && WithholdsNotifications)
            {
                Interlocked.Increment(ref _dropped);
                continue;
            }
            await to.WriteAsync(header, _stop.Token);
            await to.WriteAsync(body, _stop.Token);
        }
    }
}
