using System.Collections.Concurrent;

namespace Tokenry.Testing;

/// <summary>
/// One server per engine and settings for a whole test assembly, started when the first test asks: starting one costs about a second, and tests that
/// only add records of their own (see <see cref="Scenario"/>) do not disturb each other. Tests that stop or restart a server, or have settings that no
/// other test has, start their own. Declared once per test project: <c>[assembly: AssemblyFixture(typeof(SharedServers))]</c>.
/// </summary>
public sealed class SharedServers : IAsyncDisposable
{
    /// <summary>Settings of a server that takes what 127.0.0.1 says of a request: tests are the proxy.</summary>
    public static readonly (string Key, string Value) BehindProxy = ("Tokenry:TrustedProxies", "127.0.0.1");

    private readonly ConcurrentDictionary<(Engine, string), Lazy<Task<ServerProcess>>> _servers = new();
    private readonly ConcurrentDictionary<(Engine, string), Lazy<Task<ApiClient>>> _administrators = new();

    /// <summary>A failed start is remembered: every test then fails at once with the server's own words.</summary>
    public Task<ServerProcess> GetAsync(Engine engine, params (string Key, string Value)[] settings) =>
        _servers.GetOrAdd(Pool(engine, settings), _ => new Lazy<Task<ServerProcess>>(() => StartAsync(engine, settings))).Value;

    /// <summary>A client that may do everything, for arranging. It is shared too: revoke anything but its credential.</summary>
    public Task<ApiClient> AdminAsync(Engine engine, params (string Key, string Value)[] settings) =>
        _administrators
            .GetOrAdd(
                Pool(engine, settings),
                _ => new Lazy<Task<ApiClient>>(async () => await (await GetAsync(engine, settings)).AdminAsync())
            )
            .Value;

    /// <summary>A client without a credential.</summary>
    public async Task<ApiClient> AnonymousAsync(Engine engine) => (await GetAsync(engine)).Client();

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers.Values)
        {
            if (server is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
                await (await server.Value).DisposeAsync();
        }
        // Not while the process ends: the runner takes an end that lasts ten seconds for a thread that was left running, and a cluster with hundreds of
        // databases is a hundred thousand files.
        await PostgresCluster.EndSharedAsync();
    }

    private static (Engine, string) Pool(Engine engine, (string Key, string Value)[] settings) =>
        (engine, string.Join('\n', settings.Select(setting => $"{setting.Key}={setting.Value}").Order(StringComparer.Ordinal)));

    private static Task<ServerProcess> StartAsync(Engine engine, (string Key, string Value)[] settings) =>
        ServerProcess.StartAsync(
            engine,
            new ServerOptions { Settings = settings.ToDictionary(pair => pair.Key, pair => (string?)pair.Value, StringComparer.Ordinal) }
        );
}
