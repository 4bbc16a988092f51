using System.Net.Sockets;

namespace Tokenry.Testing;

/// <summary>PgBouncer in front of a cluster, with few connections to it for many clients, as operators run it.</summary>
public sealed class PgBouncer : IAsyncDisposable
{
    private const string Program = "/usr/sbin/pgbouncer";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly OutputLines _log = new();
    private readonly string _directory;
    private readonly ChildProcess _process;
    private readonly int _port = FreePort.Next();

    private PgBouncer(string directory, string configuration)
    {
        _directory = directory;
        var file = Path.Combine(directory, "pgbouncer.ini");
        File.WriteAllText(file, configuration.Replace("{port}", $"{_port}", StringComparison.Ordinal));
        Posix.SetMode(file, (UnixFileMode)0b110_100_100);
        _process = ChildProcess.Start(PostgresCommands.Find().Start(Program, directory, file), _log, _log);
    }

    /// <param name="cluster">What is behind it.</param>
    /// <param name="mode"><c>transaction</c> or <c>session</c>.</param>
    /// <param name="connections">To the cluster.</param>
    public static async Task<PgBouncer> StartAsync(PostgresCluster cluster, string mode, int connections)
    {
        if (!File.Exists(Program))
            throw new InvalidOperationException($"{Program} is missing (Debian: pgbouncer); ./test installs it.");
        var directory = Directory.CreateTempSubdirectory("tokenry-pgbouncer-").FullName;
        Posix.SetMode(directory, (UnixFileMode)0b111_101_101);
        var bouncer = new PgBouncer(
            directory,
            $"""
            [databases]
            * = host=127.0.0.1 port={cluster.Port} user=postgres
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {"{port}"}
            unix_socket_dir =
            auth_type = any
            pool_mode = {mode}
            default_pool_size = {connections}
            max_client_conn = 500
            """
        );
        await bouncer.ListeningAsync();
        return bouncer;
    }

    /// <summary>The same database through it.</summary>
    public string Through(string connectionString) =>
        string.Join(
            ';',
            connectionString
                .Split(';')
                .Select(part => part.StartsWith("Port=", StringComparison.OrdinalIgnoreCase) ? $"Port={_port}" : part)
        );

    public async ValueTask DisposeAsync()
    {
        _process.Signal(Signal.Interrupt);
        await _process.WaitForExitAsync(Patience);
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task ListeningAsync()
    {
        for (var waited = TimeSpan.Zero; waited < Patience; waited += TimeSpan.FromMilliseconds(50))
        {
            try
            {
                using var connection = new TcpClient();
                await connection.ConnectAsync("127.0.0.1", _port);
                return;
            }
            catch (SocketException) when (!_process.HasExited)
            {
                await Task.Delay(50);
            }
        }

        throw new InvalidOperationException($"PgBouncer does not listen:\n{_log}");
    }
}
