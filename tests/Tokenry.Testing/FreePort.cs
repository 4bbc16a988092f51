using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Tokenry.Testing;

/// <summary>
/// Ports below the ephemeral range (32768…): asking the system for "any port" gives one that the next outgoing connection may
/// take while its owner restarts, and restarts on the same port are what many tests are about.
/// </summary>
public static class FreePort
{
    private const int First = 20_000;
    private const int Last = 32_000;
    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Given = [];

    public static int Next()
    {
        lock (Gate)
        {
            while (true)
            {
                var port = RandomNumberGenerator.GetInt32(First, Last);
                if (IsFree(port) && Given.Add(port))
                    return port;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
