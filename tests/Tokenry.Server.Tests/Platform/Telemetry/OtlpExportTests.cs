using System.Diagnostics;

namespace Tokenry.Server.Tests.Platform.Telemetry;

/// <summary>What leaves a server that was told of a collector.</summary>
public sealed class OtlpExportTests
{
    [Theory, BothEngines]
    public async Task Metrics_and_spans_arrive_and_nothing_a_client_sent_with_them(Engine engine)
    {
        const string canary = "kanariepiet";
        using var sink = new OtlpSink();
        var options = new ServerOptions
        {
            ConnectionString =
                engine == Engine.Postgres ? await (await PostgresCluster.StartAsync()).CreateDatabaseAsync() + $";Password={canary}" : null,
            Settings = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Tokenry:Otlp:Endpoint"] = sink.Address + "/base/",
                ["OTEL_EXPORTER_OTLP_HEADERS"] = "api-key=collector-key",
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
                ["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment.name=staging",
            },
        };
        await using var server = await ServerProcess.StartAsync(engine, options);
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        var headers = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["User-Agent"] = canary,
            ["Referer"] = $"https://example.com/?{canary}",
            ["Host"] = $"{canary}.example.com",
            ["X-Forwarded-For"] = canary,
            ["traceparent"] = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
            ["tracestate"] = $"vendor={canary}",
            ["baggage"] = $"userId={canary}",
        };
        await admin.GetAsync($"/v1/api-keys/{made.ApiKey.Id}?note={canary}", headers: headers).Expect(400);
        await admin.GetAsync($"/v1/credentials?limit=1&object={canary}", headers: headers);
        await admin.GetAsync($"/v1/api-keys/{canary}?access_token={canary}", headers: headers).Expect(400);
        await admin.GetAsync($"/{canary}?access_token={canary}", headers: headers);
        await admin.SendAsync(new HttpMethod(canary.ToUpperInvariant()), $"/v1/me?{canary}", headers: headers);
        await admin.With(canary).GetAsync("/v1/me", headers: headers).Expect(401);
        await admin.PostAsync($"/v1/verify?{canary}", new { credential = canary, api = made.Api.Identifier }, headers);
        await server.Client().FormAsync("/oauth/token", [("grant_type", canary), ("client_secret", canary)], (canary, canary), headers);
        Assert.Equal(0, await server.StopAsync()); // sends what is left

        var sent = sink.Text;
        Assert.Equal(["/base/v1/metrics", "/base/v1/traces"], sink.Paths);
        Assert.Equal(["collector-key"], sink.Keys);
        string[] expected =
        [
            "service.name",
            "tokenry",
            "staging",
            "GET /v1/api-keys/{id}",
            "POST /v1/verify",
            "http.route",
            "http.server.request.duration",
            "tokenry.facts.hits",
            "tokenry.audit.events",
            "dotnet.gc.collections",
            engine == Engine.Postgres ? "db.client.connection.count" : "tokenry.store.writer.queue",
        ];
        Assert.All(expected, name => Assert.Contains(name, sent, StringComparison.Ordinal));
        // The caller's trace goes on: its id is sixteen bytes.
        Assert.Contains("\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef", sent, StringComparison.Ordinal);
        string[] hidden =
        [
            canary,
            admin.Bearer!,
            made.ApiKey.Id,
            made.ApiKey.Secret,
            made.Application.Id,
            "127.0.0.1",
            "url.path",
            "url.query",
            "user_agent",
            server.ConnectionString ?? server.DataDirectory,
        ];
        Assert.All(hidden, text => Assert.DoesNotContain(text, sent, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_collector_that_is_away_neither_keeps_a_server_from_working_nor_from_stopping()
    {
        await using var server = await ServerProcess.StartAsync(
            Engine.Sqlite,
            new ServerOptions
            {
                Settings = new Dictionary<string, string?>(StringComparer.Ordinal)
                {
                    ["Tokenry:Otlp:Endpoint"] = $"http://127.0.0.1:{FreePort.Next()}",
                    ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
                },
            }
        );
        await (await server.AdminAsync()).GetAsync("/v1/me").Expect(200);
        var stopping = Stopwatch.StartNew();
        Assert.Equal(0, await server.StopAsync());
        Assert.True(stopping.Elapsed < TimeSpan.FromSeconds(10), $"{stopping.Elapsed}");
    }
}
