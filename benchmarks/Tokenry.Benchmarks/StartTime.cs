using System.Diagnostics;
using Tokenry.Testing;

namespace Tokenry.Benchmarks;

/// <summary>How long a start takes, with the whole machine to itself.</summary>
/// <param name="Fresh">On an empty directory, until the server is ready: schema, keys, administrator.</param>
/// <param name="FirstToken">On a store that is there, until a client has its first token.</param>
public sealed record StartTime(TimeSpan Fresh, TimeSpan FirstToken)
{
    private const int Times = 5;

    /// <summary>The median of five.</summary>
    public static async Task<StartTime> MeasureAsync(Engine engine)
    {
        var (fresh, token) = (new List<TimeSpan>(), new List<TimeSpan>());
        for (var i = 0; i < Times; i++)
        {
            await using var server = await ServerProcess.PrepareAsync(engine);
            fresh.Add(await TimeAsync(server.LaunchAsync));
            var admin = await server.AdminAsync();
            var made = await Scenario.On(admin).ClientSecret().CreateAsync();
            await server.StopAsync();
            token.Add(
                await TimeAsync(async () =>
                {
                    await server.LaunchAsync();
                    (string, string)[] form = [("grant_type", "client_credentials"), ("resource", made.Api.Identifier)];
                    await server.Client().FormAsync("/oauth/token", form, (made.Application.Id, made.ClientSecret.Secret)).Expect(200);
                })
            );
            await server.StopAsync();
        }

        return new StartTime(fresh.Order().ElementAt(Times / 2), token.Order().ElementAt(Times / 2));
    }

    private static async Task<TimeSpan> TimeAsync(Func<Task> act)
    {
        var watch = Stopwatch.StartNew();
        await act();
        return watch.Elapsed;
    }
}
