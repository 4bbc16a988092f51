using System.Collections.Concurrent;

namespace Tokenry.Server.Tests;

/// <summary>One server per engine that speaks TLS with client certificates itself, beside its plain address on loopback.</summary>
public sealed class CertificateServers : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Engine, Lazy<Task<CertificateServer>>> servers = new();

    public Task<CertificateServer> GetAsync(Engine engine) =>
        servers.GetOrAdd(engine, key => new Lazy<Task<CertificateServer>>(() => CertificateServer.StartAsync(key))).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var server in servers.Values.Where(server => server is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }))
        {
            await (await server.Value).Process.DisposeAsync();
        }
    }
}

/// <param name="Process">The server.</param>
/// <param name="Admin">May do everything, at the plain address.</param>
/// <param name="Tls">The address for certificates.</param>
public sealed record CertificateServer(ServerProcess Process, ApiClient Admin, string Tls)
{
    public static async Task<CertificateServer> StartAsync(Engine engine, params (string Key, string Value)[] settings)
    {
        var tls = $"https://127.0.0.1:{FreePort.Next()}";
        var options = new ServerOptions
        {
            Settings = settings
                .Append(("Tokenry:TlsUrl", tls))
                .ToDictionary(pair => pair.Item1, pair => (string?)pair.Item2, StringComparer.Ordinal),
        };
        var process = await ServerProcess.StartAsync(engine, options);
        return new(process, await process.AdminAsync(), tls);
    }
}
