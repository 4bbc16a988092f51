using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Tokenry.Benchmarks.Subjects;

namespace Tokenry.Benchmarks.Load;

/// <summary>
/// The load over TLS: each connection is of another client, with its certificate, and is kept. The handshakes are over before the slice begins. Until it is
/// disposed of, this process runs on the load's core alone.
/// </summary>
internal sealed class CertificateLoad : IPreparedLoad
{
    private readonly List<Connection> connections = [];
    private readonly TimeSpan duration;

    private CertificateLoad(int seconds) => duration = TimeSpan.FromSeconds(seconds);

    public static async Task<CertificateLoad> ConnectAsync(IReadOnlyList<PlannedRequest> requests, int connections, int seconds)
    {
        var load = new CertificateLoad(seconds);
        Cores.Move(Environment.ProcessId, Cores.Load);
        for (var i = 0; i < connections; i++)
        {
            load.connections.Add(await Connection.OpenAsync(requests[i % requests.Count]));
        }

        return load;
    }

    public static SslClientAuthenticationOptions Present(string certificate) =>
        new()
        {
            TargetHost = "localhost",
            ClientCertificateContext = SslStreamCertificateContext.Create(
                X509Certificate2.CreateFromPem(certificate, certificate),
                additionalCertificates: null,
                offline: true
            ),
            // What every server of a run has, of its own making.
            RemoteCertificateValidationCallback = (_, server, _, _) => server?.Subject == "CN=localhost",
        };

    public async Task<LoadResult> RunAsync()
    {
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(connections.Select(connection => Task.Run(() => connection.SendAsync(watch, duration))));
        var seconds = watch.Elapsed.TotalSeconds;
        var times = connections.SelectMany(connection => connection.Times).Order().ToArray();
        return new LoadResult(times.Length, seconds, connections.Sum(connection => connection.Errors), At(0.5), At(0.99));

        double At(double share) => times.Length == 0 ? 0 : times[(int)(times.Length * share)];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }

        Cores.Move(Environment.ProcessId, Cores.All);
    }

    /// <summary>One client, asking the same again as soon as it is answered.</summary>
    private sealed class Connection(SslStream stream, byte[] request) : IAsyncDisposable
    {
        private readonly byte[] answer = new byte[16 * 1024];

        /// <summary>Of the answers, in milliseconds.</summary>
        public List<double> Times { get; } = [];

        public long Errors { get; private set; }

        public static async Task<Connection> OpenAsync(PlannedRequest request)
        {
            var address = new Uri(request.TlsAddress!);
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(address.Host, address.Port);
            var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsClientAsync(Present(request.Certificate!));
            return new Connection(stream, request.ToBytes(address.Authority));
        }

        public async Task SendAsync(Stopwatch watch, TimeSpan until)
        {
            try
            {
                while (watch.Elapsed < until)
                {
                    var sent = watch.Elapsed;
                    await stream.WriteAsync(request);
                    await ReadAsync();
                    Times.Add((watch.Elapsed - sent).TotalMilliseconds);
                    if (!answer.AsSpan().StartsWith("HTTP/1.1 2"u8))
                    {
                        Errors++;
                    }
                }
            }
            catch (IOException)
            {
                Errors++; // broken, and not opened again
            }
        }

        public ValueTask DisposeAsync() => stream.DisposeAsync();

        private async Task ReadAsync()
        {
            var length = 0;
            do
            {
                var read = await stream.ReadAsync(answer.AsMemory(length));
                length += read > 0 ? read : throw new IOException("The server closed the connection.");
            } while (!IsWhole(answer.AsSpan(0, length)));
        }

        private static bool IsWhole(ReadOnlySpan<byte> answer)
        {
            var head = answer.IndexOf("\r\n\r\n"u8);
            return head >= 0 && answer.Length >= head + 4 + ContentLength(answer[..head]);
        }

        private static int ContentLength(ReadOnlySpan<byte> head)
        {
            var name = "Content-Length:"u8;
            foreach (var range in head.Split((byte)'\n'))
            {
                var line = head[range];
                if (line.Length > name.Length && Ascii.EqualsIgnoreCase(line[..name.Length], name))
                {
                    return int.Parse(
                        line[name.Length..],
                        NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
                        CultureInfo.InvariantCulture
                    );
                }
            }

            throw new InvalidOperationException("An answer without Content-Length.");
        }
    }
}
