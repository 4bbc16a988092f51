using System.Globalization;
using Tokenry.Server.Tests.Core.Access;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Platform.Store;

/// <summary>Mutations that meet: none waits for ever, and none waits for one that waits for it (docs/decisions/0064-locks.md).</summary>
public sealed class LockOrderTests(SharedServers servers)
{
    private const int Loops = 12;

    [Theory]
    [BothEngines("DELETE", "/v1/tokens/{token}?reason=leaked")]
    [BothEngines("DELETE", "/v1/tokens/{token}")]
    [BothEngines("POST", "/v1/tokens/{token}/disable")]
    [BothEngines("POST", "/v1/tokens/{token}/rotate")]
    [BothEngines("POST", "/v1/credentials/revoke")]
    [BothEngines("POST", "/v1/credentials/{token}/descendants/revoke")]
    [BothEngines("POST", "/v1/users/{user}/revoke-all")]
    [BothEngines("POST", "/v1/users/{user}/disable")]
    [BothEngines("DELETE", "/v1/users/{user}")]
    public async Task R1_a_credential_that_mints_all_the_time_is_ended_meanwhile(Engine engine, string method, string path)
    {
        var admin = await servers.AdminAsync(engine);
        var minter = await Minter.StartAsync(admin);
        await admin.PatchAsync($"/v1/tokens/{minter.Person.Token.Id}", new { name = "revised meanwhile" }).Expect(200);
        object body =
            path.EndsWith("/revoke", StringComparison.Ordinal) && !path.Contains('{', StringComparison.Ordinal)
                ? new { token = minter.Person.Token.Secret }
            : path.EndsWith("rotate", StringComparison.Ordinal) ? new { overlap_seconds = 0 }
            : new { };
        var to = path.Replace("{token}", minter.Person.Token.Id, StringComparison.Ordinal)
            .Replace("{user}", minter.Person.Id, StringComparison.Ordinal);
        var answer = method == "DELETE" ? await admin.DeleteAsync(to) : await admin.PostAsync(to, body);
        Assert.InRange(answer.Status, 200, 299);
        if (path.Contains("descendants", StringComparison.Ordinal))
        {
            // It ends what it found; what mints them goes on until it is ended itself.
            await admin.DeleteAsync($"/v1/tokens/{minter.Person.Token.Id}").Expect(204);
        }

        Assert.All(await minter.EndAsync(), status => Assert.Contains(status, new[] { 201, 401 }));
    }

    [Theory, BothEngines]
    public async Task R1_nothing_that_a_leaked_credential_mints_for_its_owner_meanwhile_survives_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var person = await admin.PersonWithTokenAsync([Developer], At(Management, "tokens:own", "applications:own"));
        var application = await person.Client.CreateApplicationAsync([]);
        var body = new { name = "meanwhile", permissions = Array.Empty<object>() };
        string[] collections = ["/v1/me/tokens", $"/v1/applications/{application.Id}/api-keys"];
        var minter = await Minter.StartAsync(admin, person, i => (collections[i % 2], body));
        var answer = await admin.DeleteAsync($"/v1/tokens/{person.Token.Id}?reason=leaked").Expect(204);
        Assert.Equal("0", answer.Header("Tokenry-Descendants"));
        Assert.All(await minter.EndAsync(), status => Assert.Contains(status, new[] { 201, 401 }));
        foreach (var owner in new[] { person.Id, application.Id })
        {
            var left = await admin.GetAsync($"/v1/credentials?owner={owner}&state=active").Expect(200);
            Assert.Empty(left.Json.GetProperty("items").EnumerateArray());
        }
    }

    [Fact]
    public async Task R2_mutations_of_many_rows_never_wait_for_each_other_in_a_ring()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Postgres);
        var admin = await server.AdminAsync();
        await server.ExecuteAsync(
            $"ALTER DATABASE {await server.ScalarAsync<string>("SELECT current_database()")} SET deadlock_timeout = '50ms'"
        );
        await server.ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        );
        await EventuallyAsync(async () => (await admin.GetAsync("/v1/me")).Status == 200, "connected again");
        var other = await admin.CreateApiAsync(["a"]);
        for (var round = 0; round < 6; round++)
        {
            var api = await admin.CreateApiAsync(["a"]);
            object[] permissions = [At(api.Identifier, "a")];
            var role = await admin.CreateRoleAsync(permissions);
            var applications = new List<CreatedApplication>();
            for (var i = 0; i < 4; i++)
            {
                object with = i % 2 == 0 ? new { permissions } : new { token_exchange_audiences = new[] { api.Identifier } };
                applications.Add(await admin.CreateApplicationAsync([role.Id], with));
                await admin.CreateApiKeyAsync(applications[i].Id, new { permissions });
            }

            var many = new List<Task<ApiResponse>>();
            for (var i = 0; i < 12; i++)
            {
                var application = applications[i % 4].Id;
                many.Add(admin.PostAsync($"/v1/applications/{application}/api-keys", new { name = "meanwhile", permissions }));
                many.Add(
                    admin.PatchAsync(
                        $"/v1/applications/{application}",
                        new { token_exchange_audiences = new[] { other.Identifier, api.Identifier } }
                    )
                );
                many.Add(admin.PatchAsync($"/v1/applications/{application}", new { permissions }));
                if (i % 3 == 0)
                {
                    many.Add(admin.PostAsync($"/v1/applications/{application}/revoke-all", new { }));
                    many.Add(admin.PatchAsync($"/v1/api-resources/{other.Id}", new { name = $"other {i}" }));
                    many.Add(admin.PatchAsync($"/v1/roles/{role.Id}", new { description = $"{i}" }));
                }

                if (i is 3 or 7)
                    many.Add(admin.DeleteAsync($"/v1/api-resources/{api.Id}?force=true"));
            }

            Assert.All(await Task.WhenAll(many), answer => Assert.True(answer.Status < 500, $"{answer.Path}: {answer.Body}"));
        }

        // Said at the end of each session's transaction, at most once a second.
        await Task.Delay(TimeSpan.FromSeconds(1.5), TestContext.Current.CancellationToken);
        Assert.Equal(0, await server.ScalarAsync<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"));
    }

    [Fact]
    public async Task R7_an_API_is_deleted_while_credentials_that_name_it_are_locked()
    {
        var server = await servers.GetAsync(Engine.Postgres);
        var admin = await servers.AdminAsync(Engine.Postgres);
        var made = await Scenario
            .On(admin)
            .Api("a")
            .Role()
            .ApiKey(made => new { permissions = new[] { At(made.Api.Identifier, "a") } })
            .CreateAsync();
        await using var connection = new Npgsql.NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = string.Create(
            CultureInfo.InvariantCulture,
            $"SELECT 1 FROM credentials WHERE id = '{made.ApiKey.Id}' FOR UPDATE"
        );
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var api = $"/v1/api-resources/{made.Api.Id}";
        await admin.DeleteAsync(api).Expect(409, "in_use");
        await admin.DeleteAsync($"{api}?force=true&dry_run=true").Expect(200);
        await admin.DeleteAsync($"{api}?force=true").Expect(204);
    }

    /// <summary>A person whose token mints in twelve loops that end when it is refused.</summary>
    private sealed class Minter
    {
        private readonly List<Task<HashSet<int>>> _loops = [];
        private readonly TaskCompletionSource _running = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _minted;

        public required Person Person { get; init; }

        /// <summary>For applications of others.</summary>
        public static async Task<Minter> StartAsync(ApiClient admin)
        {
            var person = await admin.CallerAsync("credentials:write");
            var applications = new List<CreatedApplication>();
            for (var i = 0; i < Loops; i++)
                applications.Add(await admin.CreateApplicationAsync([]));
            return await StartAsync(admin, person, i => ($"/v1/applications/{applications[i].Id}/api-keys", new { name = "minted" }));
        }

        public static async Task<Minter> StartAsync(ApiClient admin, Person person, Func<int, (string Path, object Body)> what)
        {
            var minter = new Minter { Person = person };
            for (var i = 0; i < Loops; i++)
                minter._loops.Add(minter.LoopAsync(admin.With(person.Token.Secret), what(i)));
            await await Task.WhenAny(minter._running.Task, Task.WhenAll(minter._loops));
            return minter;
        }

        /// <summary>The statuses that were seen.</summary>
        public async Task<HashSet<int>> EndAsync() => [.. (await Task.WhenAll(_loops)).SelectMany(statuses => statuses)];

        private async Task<HashSet<int>> LoopAsync(ApiClient client, (string Path, object Body) what)
        {
            var statuses = new HashSet<int>();
            while (statuses.Count == 0 || statuses.SetEquals([201]))
            {
                statuses.Add((await client.PostAsync(what.Path, what.Body)).Status);
                if (Interlocked.Increment(ref _minted) == 3 * Loops)
                    _running.SetResult();
            }

            return statuses;
        }
    }
}
