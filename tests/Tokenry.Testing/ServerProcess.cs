using System.Diagnostics;
using System.Net.Sockets;

namespace Tokenry.Testing;

/// <summary>
/// The real server, as an operator would run it: its own process, its own data directory, configuration by environment. What a
/// test proves against it is true of what we ship — start, signals, crashes and restarts included.
/// </summary>
public sealed class ServerProcess : IAsyncDisposable
{
    // How long a hung process is waited for; no measure of a good one, since the machine may be crowded.
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan StopPatience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan VerbPatience = TimeSpan.FromMinutes(2);
    private readonly DirectoryInfo _work = Directory.CreateTempSubdirectory("tokenry-server-");
    private readonly ServerOptions _options;
    private readonly OutputLines _output = new();
    private readonly OutputLines _error = new();
    private ChildProcess? _process;

    private ServerProcess(Engine engine, ServerOptions options, string? connectionString)
    {
        (Engine, _options, ConnectionString) = (engine, options, connectionString);
        Address = $"http://127.0.0.1:{FreePort.Next()}";
        DataDirectory = options.DataDirectory ?? Path.Combine(_work.FullName, "data");
        AtExit.Add(DeleteWork);
    }

    public Engine Engine { get; }

    public string Address { get; }

    public string DataDirectory { get; }

    /// <summary>Null on SQLite.</summary>
    public string? ConnectionString { get; }

    public bool IsRunning => _process is { HasExited: false };

    public int ProcessId => Running().Id;

    /// <summary>Over all starts, like <see cref="StandardError"/>.</summary>
    public IReadOnlyList<string> StandardOutput => _output.Snapshot();

    public IReadOnlyList<string> StandardError => _error.Snapshot();

    /// <summary>How many lines of <see cref="StandardError"/> there were so far; for <see cref="ErrorsSince"/>.</summary>
    public long ErrorsSoFar => _error.Added;

    public IReadOnlyList<string> ErrorsSince(long position) => _error.Since(position);

    /// <summary>Configured but not started: for verbs on a fresh store, and for servers that must refuse to start.</summary>
    public static async Task<ServerProcess> PrepareAsync(Engine engine, ServerOptions? options = null)
    {
        options ??= new ServerOptions();
        if (engine == Engine.Sqlite)
            return new ServerProcess(engine, options, connectionString: null);
        var connectionString = options.ConnectionString ?? await (await PostgresCluster.StartAsync()).CreateDatabaseAsync();
        return new ServerProcess(engine, options, connectionString);
    }

    /// <summary>Back when the server says it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(Engine engine, ServerOptions? options = null)
    {
        var server = await PrepareAsync(engine, options);
        try
        {
            await server.LaunchAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts this server (again) on the same data and port; throws with its output if it ends or is not ready in two minutes.</summary>
    public Task LaunchAsync() => LaunchAsync([]);

    /// <summary>The same with more arguments on its command line.</summary>
    public async Task LaunchAsync(string[] arguments)
    {
        if (IsRunning)
            throw new InvalidOperationException($"The server at {Address} is already running.");
        _process?.Dispose();
        _process = ChildProcess.Start(
            Command(["--urls", $"http://{_options.ListenOn}:{new Uri(Address).Port}", .. arguments]),
            _output,
            _error
        );
        var anonymous = Client().Within(TimeSpan.FromSeconds(5));
        var waited = Stopwatch.StartNew();
        while (!await IsReadyAsync(anonymous))
        {
            if (_process.HasExited)
            {
                await _process.WaitForExitAsync(StopPatience); // the rest of its words
                throw Failure($"ended with exit code {_process.ExitCode} before it was ready");
            }
            if (waited.Elapsed > StartPatience)
            {
                Kill();
                throw Failure($"was not ready after {StartPatience}");
            }
            await Task.Delay(20);
        }
    }

    /// <summary>A second server on the same PostgreSQL database, with the same keys and settings and its own data directory.</summary>
    public Task<ServerProcess> StartReplicaAsync()
    {
        if (Engine != Engine.Postgres)
            throw new InvalidOperationException("Only PostgreSQL can be shared by several servers.");
        var settings = new Dictionary<string, string?>(_options.Settings, StringComparer.Ordinal);
        if (!settings.ContainsKey("Tokenry__KeyFile"))
            settings.TryAdd("Tokenry:KeyFile", Path.Combine(DataDirectory, "tokenry.keys"));
        return StartAsync(Engine, new ServerOptions { Settings = settings, ConnectionString = ConnectionString });
    }

    /// <summary>A path in the directory where the process works and looks for <c>appsettings.json</c>.</summary>
    public string InWork(string name) => Path.Combine(_work.FullName, name);

    /// <summary>SIGTERM; the answer is the exit code.</summary>
    public async Task<int> StopAsync()
    {
        var process = Running();
        process.Signal(Signal.Terminate);
        if (!await process.WaitForExitAsync(StopPatience))
        {
            process.Kill();
            throw Failure($"still ran {StopPatience} after SIGTERM");
        }
        return process.ExitCode;
    }

    /// <summary>SIGKILL: nothing is flushed, no handler runs. Back when the process is gone.</summary>
    public void Kill() => Running().Kill();

    /// <summary>Freezes the process: its connections and locks stay.</summary>
    public void Suspend() => Running().Signal(Signal.Stop);

    public void Resume() => Running().Signal(Signal.Continue);

    /// <summary>Stops the server with SIGTERM if it runs, and starts it on the same data and port.</summary>
    public async Task RestartAsync()
    {
        if (IsRunning)
            await StopAsync();
        await LaunchAsync();
    }

    /// <summary>Runs a verb of the server's own command line in the same configuration, whether the server runs or not.</summary>
    public Task<CommandResult> RunAsync(params string[] verb) => ChildProcess.RunAsync(Command(verb), VerbPatience);

    /// <summary>
    /// A personal access token of the bootstrap administrator; no scopes named means all. A running server makes it itself; only where none runs, the
    /// command does.
    /// </summary>
    public async Task<string> AdminTokenAsync(string? scopes = null)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        if (scopes is not null)
            options.Add("scopes", scopes);
        if (
            _options.Assembly == Repository.ServerDll
            && IsRunning
            && await ControlSocketClient.AskAsync(ProcessId, "admin token", options) is { } token
        )
            return token;
        return (await RunAsync(["admin", "token", .. options.SelectMany(option => new[] { "--" + option.Key, option.Value })]))
            .Expect(0)
            .Output.Trim();
    }

    public ApiClient Client(string? bearer = null) => new(Address, bearer);

    /// <summary>A client with a new administrator token; see <see cref="AdminTokenAsync"/>.</summary>
    public async Task<ApiClient> AdminAsync(string? scopes = null) => Client(await AdminTokenAsync(scopes));

    public ValueTask DisposeAsync()
    {
        _process?.Dispose();
        _process = null;
        DeleteWork();
        AtExit.Remove(DeleteWork);
        return ValueTask.CompletedTask;
    }

    /// <summary>At every address: the plain one listens a moment before the one for certificates.</summary>
    private async Task<bool> IsReadyAsync(ApiClient anonymous)
    {
        try
        {
            if ((await anonymous.GetAsync("/health/ready")).Status != 200)
                return false;
            if (_options.Settings.GetValueOrDefault("Tokenry:TlsUrl") is { } tls)
            {
                using var connection = new TcpClient();
                await connection.ConnectAsync(new Uri(tls).Host, new Uri(tls).Port);
            }

            return true;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or SocketException)
        {
            return false;
        }
    }

    private ProcessStartInfo Command(IEnumerable<string> arguments)
    {
        if (!File.Exists(_options.Assembly))
            throw new InvalidOperationException($"{_options.Assembly} is missing: dotnet build -c Release");
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] command = [dotnet, _options.Assembly, .. arguments];
        if (_options.Processors is { } processors)
            command = ["taskset", "-c", processors, .. command];
        var start = new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = _work.FullName };
        foreach (var name in start.Environment.Keys.Where(IsConfiguration).ToArray())
            start.Environment.Remove(name); // a developer's shell must not configure the server under test
        Set("Tokenry:DataDirectory", DataDirectory);
        Set("ConnectionStrings:Tokenry", ConnectionString);
        if (_options.Assembly == Repository.ServerDll)
            Set("Tokenry:Management:RequestsPerMinute", "0"); // tests of a whole assembly share one administrator; older builds do not know it
        foreach (var (key, value) in _options.Settings)
            Set(key, value);
        return start;

        void Set(string key, string? value)
        {
            var name = key.Replace(":", "__", StringComparison.Ordinal);
            if (value is null)
                start.Environment.Remove(name);
            else
                start.Environment[name] = value;
        }
    }

    private static bool IsConfiguration(string name) =>
        new[] { "Tokenry__", "ConnectionStrings__", "Logging__", "Kestrel__", "ASPNETCORE_", "DOTNET_ENVIRONMENT", "URLS", "OTEL_" }.Any(
            prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
        );

    private ChildProcess Running() =>
        _process is { HasExited: false } ? _process : throw new InvalidOperationException($"The server at {Address} is not running.");

    private void DeleteWork()
    {
        if (Directory.Exists(_work.FullName))
            _work.Delete(recursive: true);
    }

    private InvalidOperationException Failure(string what) =>
        new($"The server at {Address} on {Engine} {what}.\nstdout:\n{_output}\nstderr:\n{_error}");
}
