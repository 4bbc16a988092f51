using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tokenry.Server.Composition;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Telemetry;

namespace Tokenry.MicroBenchmarks;

/// <summary>
/// What the server's features stand on, put together as the server does it, on SQLite in a directory of its own. Nothing runs beside it: what
/// the server writes once a second stays in memory.
/// </summary>
internal sealed class OpenedStore : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly string directory;

    private OpenedStore(ServiceProvider services, string directory) => (this.services, this.directory) = (services, directory);

    public static async Task<OpenedStore> CreateAsync()
    {
        var path = Directory.CreateTempSubdirectory("tokenry-bench-").FullName;
        var options = TokenryOptions.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection([new("Tokenry:DataDirectory", path), new("Tokenry:Issuer", "https://tokens.example.com")])
                .Build()
        );
        var provider = new ServiceCollection().AddLogging().AddCore(options).BuildServiceProvider();
        await CoreServices.OpenStoreAsync(provider);
        provider.GetRequiredService<MetricsText>(); // counts with somebody listening, as the server does
        return new OpenedStore(provider, path);
    }

    public T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }
}
