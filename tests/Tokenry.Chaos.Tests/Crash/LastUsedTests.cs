using System.Globalization;
using System.Text.Json;

namespace Tokenry.Chaos.Tests.Crash;

/// <summary>R25: usage is aggregated in memory, and that is all a killed process may lose: one second of it.</summary>
public sealed class LastUsedTests(ITestOutputHelper output)
{
    private static readonly TimeSpan MayBeLost = TimeSpan.FromSeconds(1.3); // the flush's second, and the flush

    [Theory, BothEngines]
    public async Task A_killed_server_loses_a_second_of_usage_at_most(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var key = (await Scenario.On(admin).ApiKey().CreateAsync()).ApiKey;
        var until = TimeProvider.System.GetUtcNow().AddSeconds(1.5);
        DateTimeOffset last = default;
        while (last < until)
        {
            await admin.PostAsync("/v1/verify", new { token = key.Secret }).Expect(200);
            last = TimeProvider.System.GetUtcNow();
        }
        server.Kill();
        await server.LaunchAsync();

        var lost = last - await LastUsedAsync(admin, key);
        output.WriteLine($"{engine}: {lost.TotalMilliseconds:0} ms of usage lost");
        Assert.True(lost < MayBeLost, $"{lost} lost");
    }

    [Theory, BothEngines]
    public async Task A_stopped_server_loses_none(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var key = (await Scenario.On(admin).ApiKey().CreateAsync()).ApiKey;
        await admin.PostAsync("/v1/verify", new { token = key.Secret }).Expect(200);
        var used = TimeProvider.System.GetUtcNow();
        await server.RestartAsync();

        Assert.True(used - await LastUsedAsync(admin, key) < TimeSpan.FromMilliseconds(500));
    }

    private static async Task<DateTimeOffset> LastUsedAsync(ApiClient admin, CreatedCredential key)
    {
        var shown = (await admin.GetAsync($"/v1/api-keys/{key.Id}").Expect(200)).Json.GetProperty("last_used");
        Assert.NotEqual(JsonValueKind.Null, shown.ValueKind);
        return DateTimeOffset.Parse(shown.GetProperty("at").GetString()!, CultureInfo.InvariantCulture);
    }
}
