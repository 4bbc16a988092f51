using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tokenry.Server.Composition;
using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Features.Users;
using Tokenry.Server.Platform.Files;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Tests.Contracts;

/// <summary>The server as it is, in the process of the test: for what only its own services show.</summary>
internal sealed class InProcessServer : IAsyncDisposable
{
    private readonly DirectoryInfo _directory;
    private readonly TokenryServer _server;

    private InProcessServer(DirectoryInfo directory, TokenryServer server, ApiClient admin) =>
        (_directory, _server, Admin) = (directory, server, admin);

    public WebApplication App => _server.App;

    public ApiClient Admin { get; }

    public Database Database => App.Services.GetRequiredService<Database>();

    public static async Task<InProcessServer> StartAsync(Engine engine)
    {
        var directory = Directory.CreateTempSubdirectory("tokenry-inside-");
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Next()}");
        string[] arguments = [$"--Tokenry:DataDirectory={directory.FullName}", $"--urls={address}", "--Logging:LogLevel:Default=None"];
        if (engine == Engine.Postgres)
            arguments = [.. arguments, $"--ConnectionStrings:Tokenry={await (await PostgresCluster.StartAsync()).CreateDatabaseAsync()}"];
        var server = await TokenryServer.BuildAsync(arguments);
        var services = server.App.Services;
        await services.GetRequiredService<BootstrapAdministrator>().RunAsync();
        var token = (
            await services.GetRequiredService<IssueAdminToken>().RunAsync(new Dictionary<string, string>(), OperatingSystemUser.OfProcess())
        ).Output;
        await server.App.StartAsync();
        return new InProcessServer(directory, server, new ApiClient(address, token));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.App.StopAsync(); // or its background services would still write to what goes away below
        await _server.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}
