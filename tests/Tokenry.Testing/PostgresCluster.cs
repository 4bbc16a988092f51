using System.Diagnostics;
using Npgsql;

namespace Tokenry.Testing;

/// <summary>
/// A PostgreSQL cluster that exists only for the tests: nobody's database is touched, and chaos tests may do to it what they would
/// not do to one they had to share. The default collation is deliberately not <c>C</c> where the version allows it: real clusters
/// have a language, and an <c>ORDER BY</c> that only works in byte order should fail here and not there.
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly Lazy<Task<PostgresCluster>> Shared = new(() => CreateAsync(fsync: false, shared: true));
    private readonly PostgresCommands _commands;
    private readonly string _directory;
    private readonly bool _fsync;
    private readonly bool _shared;
    private readonly OutputLines _log = new();
    private ChildProcess? _postmaster;
    private int _databases;

    private PostgresCluster(PostgresCommands commands, string directory, bool fsync, bool shared)
    {
        (_commands, _directory, _fsync, _shared) = (commands, directory, fsync, shared);
        Port = FreePort.Next();
        AtExit.Add(Remove);
    }

    public int Port { get; private set; }

    public bool IsRunning => _postmaster is { HasExited: false };

    /// <summary>The postmaster and what it has started.</summary>
    public IReadOnlyList<int> ProcessIds => [Postmaster(), .. Posix.ChildrenOf(Postmaster())];

    /// <summary>What PostgreSQL wrote to its log, over all starts.</summary>
    public string Log => _log.ToString();

    /// <summary>As superuser, to the maintenance database; unpooled, since pools remember connections to a cluster that was killed.</summary>
    public string AdminConnectionString => ConnectionStringFor("postgres") + ";Pooling=false";

    /// <summary>The one cluster of this test process, without fsync. It ends with the process; disposing it does nothing.</summary>
    public static Task<PostgresCluster> StartAsync() => Shared.Value;

    /// <summary>Ends that one and deletes its files, if a test asked for it; no test may ask again.</summary>
    public static async Task EndSharedAsync()
    {
        if (!Shared.IsValueCreated || !Shared.Value.IsCompletedSuccessfully)
            return;
        await (await Shared.Value).EndAndRemoveAsync();
    }

    /// <summary>A cluster of one's own to kill, stop and suspend. <paramref name="fsync"/> costs time and is what durability is made of.</summary>
    public static Task<PostgresCluster> StartPrivateAsync(bool fsync = true) => CreateAsync(fsync, shared: false);

    /// <summary>A fresh, empty database; the answer is its connection string.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"tokenry_{Interlocked.Increment(ref _databases)}";
        await using var connection = new NpgsqlConnection(AdminConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"CREATE DATABASE {name}"; // our own counter, and no parameter is possible here
        await command.ExecuteNonQueryAsync();
        return ConnectionStringFor(name);
    }

    /// <summary>Fast shutdown (sessions are ended, a checkpoint is written), or immediate: like a crash, with recovery at the next start.</summary>
    public Task StopAsync(bool immediate = false) => EndAsync(immediate ? Signal.Quit : Signal.Interrupt);

    /// <summary>SIGKILL to the postmaster alone; back when its children, who notice by themselves, are gone as well.</summary>
    public Task KillPostmasterAsync() => EndAsync(Signal.Kill);

    /// <summary>Starts the stopped or killed cluster on the same data and port; back when it accepts connections.</summary>
    public async Task StartAgainAsync()
    {
        if (IsRunning)
            throw new InvalidOperationException("The cluster is already running.");
        if (!await TryLaunchAsync())
            throw Failure("did not start");
    }

    /// <summary>
    /// Freezes the whole cluster: connections stay open and nothing answers. From outside, that is what a partition looks like.
    /// </summary>
    public void Suspend()
    {
        var postmaster = Postmaster();
        Posix.Send(postmaster, Signal.Stop); // first, so that it forks no more
        foreach (var child in Posix.ChildrenOf(postmaster))
            Posix.Send(child, Signal.Stop);
    }

    /// <summary>Undoes <see cref="Suspend"/>; harmless on a running cluster.</summary>
    public void Resume()
    {
        var postmaster = Postmaster();
        foreach (var child in Posix.ChildrenOf(postmaster))
            Posix.Send(child, Signal.Continue);
        Posix.Send(postmaster, Signal.Continue);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_shared)
            await EndAndRemoveAsync();
    }

    private async Task EndAndRemoveAsync()
    {
        if (IsRunning)
        {
            Resume();
            await StopAsync(immediate: true);
        }
        Remove();
        AtExit.Remove(Remove);
    }

    private static async Task<PostgresCluster> CreateAsync(bool fsync, bool shared)
    {
        var commands = PostgresCommands.Find();
        var temporary = Path.GetTempPath();
        var made = await ChildProcess.RunAsync(
            commands.Start("/usr/bin/mktemp", temporary, "-d", "-p", temporary, "tokenry-postgres-XXXXXX"),
            Patience
        );
        var cluster = new PostgresCluster(commands, made.Expect(0).Output.Trim(), fsync, shared);
        await cluster.InitialiseAsync();
        while (!await cluster.TryLaunchAsync())
        {
            if (!cluster.Log.Contains("Address already in use", StringComparison.Ordinal))
                throw cluster.Failure("did not start");
            cluster.Port = FreePort.Next();
        }
        return cluster;
    }

    private async Task InitialiseAsync()
    {
        string[] collation = _commands.Major >= 15 ? ["--locale-provider=icu", "--icu-locale=en-US"] : [];
        string[] arguments = ["-D", _directory, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", .. collation];
        (await ChildProcess.RunAsync(_commands.Start("initdb", _directory, arguments), Patience)).Expect(0);
    }

    private async Task<bool> TryLaunchAsync()
    {
        string[] settings =
        [
            "listen_addresses=127.0.0.1",
            $"port={Port}",
            "unix_socket_directories=",
            "max_connections=200",
            $"fsync={(_fsync ? "on" : "off")}",
        ];
        var start = _commands.Start("postgres", _directory, ["-D", _directory, .. settings.SelectMany(setting => new[] { "-c", setting })]);
        _postmaster = ChildProcess.Start(start, _log, _log);
        AtExit.Remove(Remove);
        AtExit.Add(Remove); // before the postmaster's own: suspended children do not notice its death
        var waited = Stopwatch.StartNew();
        while (!await AcceptsConnectionsAsync())
        {
            if (_postmaster.HasExited)
            {
                await _postmaster.WaitForExitAsync(Patience); // the rest of its words
                _postmaster.Dispose();
                _postmaster = null;
                return false;
            }
            if (waited.Elapsed > Patience)
                throw Failure($"accepts no connection after {Patience}");
            await Task.Delay(20);
        }
        return true;
    }

    private async Task<bool> AcceptsConnectionsAsync()
    {
        try
        {
            await using var connection = new NpgsqlConnection(AdminConnectionString);
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private async Task EndAsync(Signal signal)
    {
        var postmaster = Postmaster();
        var children = Posix.ChildrenOf(postmaster);
        Posix.Send(postmaster, signal);
        if (signal == Signal.Kill)
            await LeaveNoChildAsync(children);
        if (!await _postmaster!.WaitForExitAsync(Patience))
            throw Failure($"still runs {Patience} after {signal}");
        _postmaster.Dispose();
        _postmaster = null;
    }

    // A new postmaster refuses to start while an old backend holds the shared memory.
    private static async Task LeaveNoChildAsync(IReadOnlyList<int> children)
    {
        var waited = Stopwatch.StartNew();
        while (children.Any(Posix.IsAlive))
        {
            if (waited.Elapsed > TimeSpan.FromSeconds(5))
            {
                foreach (var child in children.Where(Posix.IsAlive))
                    Posix.Send(child, Signal.Kill);
            }
            await Task.Delay(10);
        }
    }

    // Synchronous and forgiving: it also runs while the process exits.
    private void Remove()
    {
        if (_postmaster is { HasExited: false } postmaster)
        {
            var children = Posix.ChildrenOf(postmaster.Id);
            postmaster.Kill();
            foreach (var child in children)
                Posix.Send(child, Signal.Kill);
        }
        _postmaster?.Dispose();
        _postmaster = null;
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    private int Postmaster() => IsRunning ? _postmaster!.Id : throw new InvalidOperationException("The cluster is not running.");

    private string ConnectionStringFor(string database) => $"Host=127.0.0.1;Port={Port};Username=postgres;Database={database}";

    private InvalidOperationException Failure(string what) => new($"PostgreSQL {_commands.Major} in {_directory} {what}:\n{Log}");
}
