using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Features.Users;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Tests.Contracts;

/// <summary>R14: one thing is shown by its id however long the lists of the same principal take.</summary>
public sealed class ReadsByIdTests
{
    [Theory, BothEngines]
    public async Task What_is_shown_by_its_id_waits_for_no_list(Engine engine)
    {
        var directory = Directory.CreateTempSubdirectory("tokenry-reads-");
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Next()}");
        string[] arguments = [$"--Tokenry:DataDirectory={directory.FullName}", $"--urls={address}", "--Logging:LogLevel:Default=None"];
        if (engine == Engine.Postgres)
            arguments = [.. arguments, $"--ConnectionStrings:Tokenry={await (await PostgresCluster.StartAsync()).CreateDatabaseAsync()}"];
        try
        {
            await using var server = await TokenryServer.BuildAsync(arguments);
            var services = server.App.Services;
            await services.GetRequiredService<BootstrapAdministrator>().RunAsync();
            var token = (
                await services
                    .GetRequiredService<IssueAdminToken>()
                    .RunAsync(new Dictionary<string, string>(), OperatingSystemUser.OfProcess())
            ).Output;
            await server.App.StartAsync();
            var admin = new ApiClient(address, token);
            var targets = new List<(Route Route, Target Target)>();
            foreach (var route in await Route.OfCallersAsync())
            {
                if (route.Method == "GET" && route.Path.EndsWith("/{id}", StringComparison.Ordinal))
                    targets.Add((route, await TargetAsync(route, admin)));
            }

            Assert.True(targets.Count > 10);
            var (begun, end) = (new TaskCompletionSource(), new TaskCompletionSource());
            services.GetRequiredService<Database>().BeforeList = _ =>
            {
                begun.TrySetResult();
                return end.Task;
            };
            var lists = Enumerable.Range(0, 20).Select(_ => admin.GetAsync("/v1/users")).ToList();
            await begun.Task;
            foreach (var (route, target) in targets)
                (await Call.To(route, target).SendAsync(admin)).Expect(200);
            Assert.DoesNotContain(lists, list => list.IsCompletedSuccessfully && list.Result.Status == 200);
            end.SetResult();
            await Task.WhenAll(lists);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<Target> TargetAsync(Route route, ApiClient admin)
    {
        if (route.Path.StartsWith("/v1/signing-keys", StringComparison.Ordinal))
            return new Target(
                (await admin.GetAsync("/v1/signing-keys").Expect(200)).Json.GetProperty("items")[0].GetProperty("id").GetString()!
            );
        if (!route.Path.StartsWith("/v1/me", StringComparison.Ordinal))
            return await Actor.ForeignAsync(route, admin);
        var me = (await admin.GetAsync("/v1/me").Expect(200)).Text("user.id");
        return new Target((await admin.CreatePersonalAccessTokenAsync(me)).Id, me);
    }
}
