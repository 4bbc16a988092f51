using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tokenry.Server.Composition;
using Tokenry.Server.Platform.Console;

namespace Tokenry.Server.Tests.Platform.Console;

/// <summary><c>Tokenry:Console:Enabled=false</c>: no page, no file of a page, no service.</summary>
public sealed class ConsoleSwitchTests
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task A_server_has_pages_only_if_the_console_is_enabled(bool enabled)
    {
        var directory = Directory.CreateTempSubdirectory("tokenry-console-");
        try
        {
            await using var server = await TokenryServer.BuildAsync([
                $"--Tokenry:DataDirectory={directory.FullName}",
                $"--Tokenry:Console:Enabled={enabled}",
                "--urls=http://127.0.0.1:7600",
            ]);
            var paths = ((IEndpointRouteBuilder)server.App)
                .DataSources.SelectMany(source => source.Endpoints)
                .OfType<RouteEndpoint>()
                .Select(endpoint => endpoint.RoutePattern.RawText!.TrimEnd('/'))
                .ToList();
            Assert.Equal(enabled, paths.Contains("/account/tokens"));
            Assert.Equal(enabled, paths.Any(path => path.StartsWith("/console/", StringComparison.Ordinal)));
            Assert.Equal(enabled, server.App.Services.GetService<ConsoleAssets>() is not null);
            Assert.Contains("/v1/me/tokens", paths);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
