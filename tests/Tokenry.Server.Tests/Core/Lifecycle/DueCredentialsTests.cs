namespace Tokenry.Server.Tests.Core.Lifecycle;

/// <summary>Who should have another credential soon: shown, filtered by, told once in the audit, counted.</summary>
public sealed class DueCredentialsTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Due_is_the_age_or_the_end_whichever_comes_first(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).ApiKey().ClientSecret().PersonalAccessToken().CreateAsync();
        Assert.Equal(System.Text.Json.JsonValueKind.Null, made.ApiKey.Response.Json.GetProperty("due_at").ValueKind);
        // A person sees a personal access token end.
        Assert.Equal(System.Text.Json.JsonValueKind.Null, made.PersonalAccessToken.Response.Json.GetProperty("due_at").ValueKind);
        var path = $"/v1/applications/{made.Application.Id}/secrets/{made.ClientSecret.Id}";
        var aged = await admin.PatchAsync(path, new { rotate_every_days = 90 }).Expect(200);
        Assert.Equal(90, (Time(aged, "due_at") - Time(aged, "created_at")).TotalDays, precision: 3);
        var end = DateTimeOffset.UtcNow.AddDays(20);
        var ending = await admin.PatchAsync(path, new { expires_at = end }).Expect(200);
        Assert.Equal(Time(ending, "expires_at"), Time(ending, "due_at"));
        var owner = $"owner={made.Application.Id}";
        Assert.Single(await FoundAsync($"{owner}&due_before={Query(end.AddDays(1))}"));
        Assert.Empty(await FoundAsync($"{owner}&due_before={Query(end.AddDays(-1))}"));
        foreach (var days in new[] { 0, 3651, -1 })
            await admin.PatchAsync(path, new { rotate_every_days = days }).Expect(400);
        // Rotated, it is young again.
        await admin.PatchAsync(path, """{"expires_at":null,"rotate_every_days":30}""").Expect(200);
        var rotated = await admin.PostAsync(path + "/rotate", new { overlap_seconds = 60 }).Expect(200);
        Assert.InRange(Time(rotated, "due_at") - DateTimeOffset.UtcNow, TimeSpan.FromDays(29.9), TimeSpan.FromDays(30));

        async Task<IReadOnlyList<string>> FoundAsync(string filter) =>
            [
                .. (await admin.GetAsync($"/v1/credentials?{filter}").Expect(200))
                    .Json.GetProperty("items")
                    .EnumerateArray()
                    .Select(item => item.GetProperty("id").GetString()!),
            ];

        static string Query(DateTimeOffset time) =>
            time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>A server tells at its start of what nobody was told of; two replicas tell once.</summary>
    [Theory, BothEngines]
    public async Task The_audit_tells_of_each_once(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var made = await Scenario
            .On(admin)
            .ClientSecret(_ => new { expires_at = DateTimeOffset.UtcNow.AddDays(6) })
            .ClientSecret(_ => new { expires_at = DateTimeOffset.UtcNow.AddHours(3) })
            .ClientSecret(_ => new { rotate_every_days = 31 })
            .CreateAsync();
        await server.RestartAsync();
        await using var replica = engine == Engine.Postgres ? await server.StartReplicaAsync() : null;
        Assert.Equal("due within 7 days", await ToldAsync(made.ClientSecrets[0].Id));
        Assert.Equal("due within a day", await ToldAsync(made.ClientSecrets[1].Id));
        await server.RestartAsync();
        var metrics = "";
        for (var deadline = DateTimeOffset.UtcNow.AddSeconds(30); ; await Task.Delay(100))
        {
            metrics = (await server.Client().GetAsync("/metrics").Expect(200)).Body;
            if (metrics.Contains("tokenry_credentials_due{within_days=\"1\"} 1", StringComparison.Ordinal))
                break;
            Assert.True(DateTimeOffset.UtcNow < deadline, metrics);
        }
        Assert.Contains("tokenry_credentials_due{within_days=\"30\"} 2", metrics, StringComparison.Ordinal);
        Assert.Single(await EventsAsync(made.ClientSecrets[0].Id));
        Assert.Empty(await EventsAsync(made.ClientSecrets[2].Id));

        async Task<string> ToldAsync(string id)
        {
            for (var deadline = DateTimeOffset.UtcNow.AddSeconds(30); ; await Task.Delay(100))
            {
                if (await EventsAsync(id) is [var told])
                    return told;
                Assert.True(DateTimeOffset.UtcNow < deadline, $"Nothing was told of {id}.");
            }
        }

        async Task<IReadOnlyList<string>> EventsAsync(string id) =>
            [
                .. (await admin.GetAsync($"/v1/audit?target={id}&action=credential.due").Expect(200))
                    .Json.GetProperty("items")
                    .EnumerateArray()
                    .Select(item => item.GetProperty("reason").GetString()!),
            ];
    }

    private static DateTimeOffset Time(ApiResponse response, string member) => response.Json.GetProperty(member).GetDateTimeOffset();
}
