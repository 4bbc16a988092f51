namespace Tokenry.Chaos.Tests.Replicas;

/// <summary>B.2: behind PgBouncer in transaction mode prepared statements were mixed up, and valid tokens were answered 401.</summary>
public sealed class PgBouncerTests
{
    private const int Keys = 40;

    [Theory]
    [InlineData("transaction")]
    [InlineData("session")]
    public async Task Behind_a_pooler_every_good_credential_is_good(string mode)
    {
        var cluster = await PostgresCluster.StartAsync();
        var direct = await cluster.CreateDatabaseAsync();
        // Transaction mode shares few connections; in session mode each of ours needs one.
        await using var bouncer = await PgBouncer.StartAsync(cluster, mode, mode == "transaction" ? 3 : 60);
        await using var one = await ServerProcess.StartAsync(
            Engine.Postgres,
            new ServerOptions { ConnectionString = bouncer.Through(direct) }
        );
        await using var two = await one.StartReplicaAsync();
        Assert.Contains(one.StandardOutput, line => line.Contains("through a connection pooler", StringComparison.Ordinal));
        var here = await one.AdminAsync();
        var there = here.At(two.Address);
        var made = await Scenario.On(here).Api("invoices:read").Role().Application().ClientSecret().CreateAsync();
        var keys = await Task.WhenAll(Enumerable.Range(0, Keys).Select(_ => here.CreateApiKeyAsync(made.Application.Id)));

        // Each is read from the store by each replica, many at once, with other statements between.
        var codes = await Task.WhenAll(
            keys.SelectMany(key =>
                new[] { here, there }.Select(async replica =>
                {
                    var list = replica.GetAsync($"/v1/api-keys/{key.Id}").Expect(200);
                    var answer = await replica.PostAsync("/v1/verify", new { token = key.Secret, api = made.Api.Identifier }).Expect(200);
                    Assert.Equal(key.Id, (await list).Text("id"));
                    return answer.Text("code");
                })
            )
        );
        Assert.All(codes, code => Assert.Equal("valid", code));
        for (var i = 0; i < 20; i++)
        {
            foreach (var replica in new[] { here, there })
            {
                await replica
                    .With(null)
                    .FormAsync("/oauth/token", [("grant_type", "client_credentials")], (made.Application.Id, made.ClientSecret.Secret))
                    .Expect(200);
            }
        }

        await here.DeleteAsync($"/v1/api-keys/{keys[0].Id}").Expect(204);
        await there.GetAsync("/v1/usage").Expect(200);
        Assert.Equal("revoked", await EndedAsync(there, keys[0].Secret));
    }

    [Fact]
    public async Task A_pooler_that_comes_between_later_makes_503_and_never_401()
    {
        var cluster = await PostgresCluster.StartAsync();
        var direct = await cluster.CreateDatabaseAsync();
        await using var bouncer = await PgBouncer.StartAsync(cluster, "transaction", 3);
        await using var switched = await Support.Switch.StartAsync(PortOf(direct), PortOf(bouncer.Through(direct)));
        var options = new ServerOptions
        {
            ConnectionString = direct.Replace($"Port={PortOf(direct)}", $"Port={switched.Port}", StringComparison.Ordinal),
        };
        await using var server = await ServerProcess.StartAsync(Engine.Postgres, options);
        var admin = await server.AdminAsync();
        var made = await Scenario.On(admin).Api("invoices:read").Role().Application().CreateAsync();
        var keys = await Task.WhenAll(Enumerable.Range(0, Keys).Select(_ => admin.CreateApiKeyAsync(made.Application.Id)));
        switched.Change();
        var statuses = new HashSet<int>();
        foreach (var key in keys)
        {
            var answer = await admin.PostAsync("/v1/verify", new { token = key.Secret, api = made.Api.Identifier });
            statuses.Add(answer.Status);
            if (answer.Status == 200)
                Assert.Equal("valid", answer.Text("code"));
        }

        Assert.Contains(503, statuses);
        Assert.Subset(new HashSet<int> { 200, 503 }, statuses);
    }

    private static int PortOf(string connectionString) => new Npgsql.NpgsqlConnectionStringBuilder(connectionString).Port;

    private static async Task<string> EndedAsync(ApiClient client, string secret)
    {
        for (var i = 0; ; i++)
        {
            var code = (await client.PostAsync("/v1/verify", new { token = secret }).Expect(200)).Text("code");
            if (code != "valid" || i == 100)
                return code;
            await Task.Delay(50);
        }
    }
}
