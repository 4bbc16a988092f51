using Tokenry.Server.Platform.Telemetry;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Platform.Telemetry;

/// <summary><c>/metrics</c> of a server that works. Others use it too, so counts are compared as "at least".</summary>
public sealed class MetricsTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Prometheus_finds_no_fault_with_it(Engine engine)
    {
        var server = await servers.GetAsync(engine);
        await WorkAsync(await servers.AdminAsync(engine));
        var scrape = await Scrape.OfAsync(server);
        Assert.Equal("", await scrape.LintAsync());
        Assert.True(scrape.Types.Count > 25, scrape.Text);
    }

    [Theory, BothEngines]
    public async Task Counters_move_as_requests_are_made(Engine engine)
    {
        var server = await servers.GetAsync(engine);
        var admin = await servers.AdminAsync(engine);
        var key = await WorkAsync(admin);
        const string verified = """tokenry_http_requests_total{route="/v1/verify",method="POST",status="2xx"}""";
        const string unmatched = """tokenry_http_requests_total{route="unmatched",method="GET",status="4xx"}""";
        const string duration = """tokenry_http_request_duration_seconds_count{route="/v1/verify"}""";
        const string soon = """tokenry_http_request_duration_seconds_bucket{route="/v1/verify",le="+Inf"}""";
        const string hits = """tokenry_facts_hits_total{cache="credentials"}""";
        const string misses = """tokenry_facts_misses_total{cache="credentials"}""";
        var before = await Scrape.OfAsync(server);
        for (var round = 0; round < 20; round++)
            await admin.VerifyAsync(key.ApiKey.Secret, key.Api.Identifier).Expect(200);
        await admin.GetAsync("/nothing/here").Expect(404);
        await WorkAsync(admin);
        var after = await Scrape.UntilAsync(server, scrape => scrape[verified] >= before[verified] + 20);
        Assert.True(after[unmatched] >= before[unmatched] + 1);
        Assert.True(after[duration] >= before[duration] + 20);
        Assert.Equal(after[duration], after[soon]);
        Assert.True(after[hits] >= before[hits] + 20);
        Assert.True(after[misses] > before[misses]);
        Assert.True(after["tokenry_audit_events_total"] > before["tokenry_audit_events_total"]);
        Assert.True(after["tokenry_store_commit_duration_seconds_count"] > before["tokenry_store_commit_duration_seconds_count"]);
        Assert.True(after["process_cpu_seconds_total"] > before["process_cpu_seconds_total"]);
        Assert.InRange(after["process_open_fds"], 10, after["process_max_fds"]);
        Assert.InRange(after["process_resident_memory_bytes"], 20e6, 4e9);
        Assert.InRange(after["tokenry_facts_age_seconds"], 0, 5);
        Assert.True(after["tokenry_http_connections"] >= 1);
        Assert.True(after["tokenry_http_requests_in_progress"] >= 1); // the one that asks
        if (engine == Engine.Postgres)
        {
            Assert.True(after["""tokenry_store_connections{pool="requests",state="idle"}"""] >= 1);
            Assert.True(after["""tokenry_store_connections{pool="feed",state="used"}"""] >= 1); // LISTEN
            Assert.Equal(20, after["""tokenry_store_connections_max{pool="requests"}"""]);
        }
        else
        {
            Assert.True(after["tokenry_store_commit_batch_size_sum"] >= after["tokenry_store_commit_batch_size_count"]);
            Assert.True(after.Has("tokenry_store_writer_queue_length"));
        }
    }

    [Theory, BothEngines]
    public async Task Nothing_a_client_sends_becomes_a_label(Engine engine)
    {
        const string canary = "kanariepiet";
        var server = await servers.GetAsync(engine);
        var admin = await servers.AdminAsync(engine);
        var made = await WorkAsync(admin);
        var headers = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["User-Agent"] = canary,
            ["X-Request-Id"] = canary,
            ["Idempotency-Key"] = canary,
            ["Origin"] = $"https://{canary}.example",
            ["traceparent"] = "00-" + new string('a', 32) + "-bbbbbbbbbbbbbbbb-01",
            ["tracestate"] = $"{canary}={canary}",
        };
        await admin.GetAsync($"/{canary}/{canary}?access_token={canary}", headers: headers);
        await admin.GetAsync($"/v1/users/{canary}?{canary}={canary}", headers: headers);
        await admin.SendAsync(new HttpMethod(canary.ToUpperInvariant()), "/v1/users", headers: headers);
        await admin.PostAsync("/v1/verify", new { credential = canary, api = canary }, headers);
        await admin.With(canary).GetAsync("/v1/me", headers: headers);
        await server
            .Client()
            .FormAsync("/oauth/token", [("grant_type", canary), ("scope", canary), ("resource", canary)], (canary, canary), headers);
        var scrape = await Scrape.OfAsync(server);
        string[] hidden =
        [
            canary,
            made.Application.Id,
            made.ApiKey.Id,
            made.Api.Id,
            made.Api.Identifier,
            "127.0.0.1",
            admin.Bearer!,
            new string('a', 32),
            server.ConnectionString ?? server.DataDirectory,
        ];
        Assert.All(hidden, text => Assert.DoesNotContain(text, scrape.Text, StringComparison.OrdinalIgnoreCase));
        // What cannot be told by a known name is told by none.
        Assert.Contains("method=\"_OTHER\"", scrape.Text, StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task The_page_lists_what_a_server_exposes_and_nothing_else(Engine engine)
    {
        var server = await servers.GetAsync(engine);
        await WorkAsync(await servers.AdminAsync(engine));
        var scrape = await Scrape.OfAsync(server);
        var listed = MetricsPage.Read().Where(row => row.On is null || row.On == engine).ToList();
        Assert.Equal(
            listed.Select(row => $"{row.Name} {row.Type}").Order(StringComparer.Ordinal),
            scrape.Types.Select(type => $"{type.Key} {type.Value}").Order(StringComparer.Ordinal)
        );
        // These count what may never happen; everything else has been seen by now.
        string[] rare = ["tokenry_signals_total", "tokenry_store_connections_waiting"];
        Assert.All(listed.Select(row => row.Name).Except(rare), name => Assert.True(scrape.HasSamplesOf(name), name));
    }

    [Fact]
    public void The_page_has_every_metric_with_its_labels() =>
        Assert.Equal(
            MetricCatalog.All.Select(metric => $"{metric.Name} {string.Join(", ", metric.Labels.Select(label => label.Name))}"),
            MetricsPage.Read().Select(row => $"{row.Name} {row.Labels}")
        );

    [Fact]
    public async Task A_store_that_is_away_shows()
    {
        await using var cluster = await PostgresCluster.StartPrivateAsync(fsync: false);
        await using var server = await ServerProcess.StartAsync(
            Engine.Postgres,
            new ServerOptions { ConnectionString = await cluster.CreateDatabaseAsync() }
        );
        const string polls = """tokenry_store_unavailable_total{operation="poll"}""";
        const string reads = """tokenry_store_unavailable_total{operation="read"}""";
        var healthy = await Scrape.OfAsync(server);
        Assert.True(healthy.Has(reads) && healthy.Has(polls));
        Assert.InRange(healthy["tokenry_facts_age_seconds"], 0, 5);

        await cluster.StopAsync(immediate: true);
        await server.Client().GetAsync("/health/ready").Expect(503);
        var away = await Scrape.UntilAsync(server, scrape => scrape[polls] > 1 && scrape["tokenry_facts_age_seconds"] > 1.5);
        Assert.True(away[reads] >= 1);

        await cluster.StartAgainAsync();
        await Scrape.UntilAsync(server, scrape => scrape["tokenry_facts_age_seconds"] < 1.5);
    }

    /// <summary>A little of everything that is counted.</summary>
    private static async Task<Created> WorkAsync(ApiClient admin)
    {
        var made = await Scenario.On(admin).ApiKey().ClientSecret().CreateAsync();
        await admin.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier).Expect(200);
        await admin
            .With(null)
            .FormAsync(
                "/oauth/token",
                [("grant_type", "client_credentials"), ("resource", made.Api.Identifier)],
                (made.Application.Id, made.ClientSecret.Secret)
            )
            .Expect(200);
        await admin.With(null).GetAsync("/v1/me").Expect(401);
        return made;
    }
}
