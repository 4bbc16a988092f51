using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Tokenry.Chaos.Tests.Support;

/// <summary>An address that leads to one server and, once it is changed, to another; connections that are open then are cut.</summary>
internal sealed class Switch : IAsyncDisposable
{
    private readonly ConcurrentBag<TcpClient> _open = [];
    private readonly TcpListener _listener;
    private readonly int _then;
    private int _target;

    private Switch(IPAddress address, int first, int then)
    {
        (_target, _then) = (first, then);
        _listener = new TcpListener(address, FreePort.Next());
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public static Task<Switch> StartAsync(int first, int then, IPAddress? address = null) =>
        Task.FromResult(new Switch(address ?? IPAddress.Loopback, first, then));

    public void Change()
    {
        Volatile.Write(ref _target, _then);
        Cut();
    }

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        Cut();
        return ValueTask.CompletedTask;
    }

    private void Cut()
    {
        while (_open.TryTake(out var socket))
            socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = CarryAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It is closed.
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        _open.Add(client);
        var server = new TcpClient();
        _open.Add(server);
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, Volatile.Read(ref _target));
            await Task.WhenAny(client.GetStream().CopyToAsync(server.GetStream()), server.GetStream().CopyToAsync(client.GetStream()));
        }
        catch (Exception exception)
            when (exception is SocketException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // One end is gone.
        }
        finally
        {
            client.Dispose();
            server.Dispose();
        }
    }
}
