using System.Collections.Concurrent;

namespace Tokenry.Testing;

/// <summary>
/// One server per engine for a whole test assembly, started when the first test asks: starting one costs about a second, and tests
/// that only add records of their own (see <see cref="Scenario"/>) do not disturb each other. Tests that stop, restart or configure
/// a server start their own. Declared once per test project: <c>[assembly: AssemblyFixture(typeof(SharedServers))]</c>.
/// </summary>
public sealed class SharedServers : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Engine, Lazy<Task<ServerProcess>>> _servers = new();
    private readonly ConcurrentDictionary<Engine, Lazy<Task<ApiClient>>> _administrators = new();

    /// <summary>A failed start is remembered: every test then fails at once with the server's own words.</summary>
    public Task<ServerProcess> GetAsync(Engine engine) =>
        _servers.GetOrAdd(engine, key => new Lazy<Task<ServerProcess>>(() => ServerProcess.StartAsync(key))).Value;

    /// <summary>A client that may do everything, for arranging. It is shared too: revoke anything but its credential.</summary>
    public Task<ApiClient> AdminAsync(Engine engine) =>
        _administrators.GetOrAdd(engine, key => new Lazy<Task<ApiClient>>(async () => await (await GetAsync(key)).AdminAsync())).Value;

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
}
