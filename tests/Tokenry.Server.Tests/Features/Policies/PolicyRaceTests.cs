using System.Globalization;
using Npgsql;
using Tokenry.Server.Tests.Features.Organizations;
using Tokenry.Server.Tests.Platform.Store;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Policies;

/// <summary>A policy that is tightened while credentials are being made: after its commit, none is made that breaks it.</summary>
public sealed class PolicyRaceTests
{
    private const int Loops = 6;
    private const int Rounds = 4;

    /// <summary>The creation has read the policy, and waits for a row that the test holds. Meanwhile the policy changes.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_creation_that_read_the_policy_before_is_judged_again(bool isOfServer)
    {
        await using var server = await ServerProcess.StartAsync(Engine.Postgres);
        var admin = await server.AdminAsync();
        var organization = await admin.OrganizationAsync();
        var application = await admin.ApplicationOfAsync(organization);
        await admin.CreateApiKeyAsync(application.Id);
        var owner = isOfServer ? null : organization;

        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var holding = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = string.Create(
            CultureInfo.InvariantCulture,
            $"SELECT 1 FROM credential_counts WHERE owner_id = '{application.Id}' FOR UPDATE"
        );
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var creation = admin.PostAsync($"/v1/applications/{application.Id}/api-keys", """{"name":"late","expires_at":null}""");
        await EventuallyAsync(
            async () =>
                await server.ScalarAsync<long>(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                ) > 0,
            "waiting for the row"
        );
        await admin.SetPolicyAsync(owner, PolicyCalls.LifeOfAll(3600)).Expect(200);
        await holding.RollbackAsync(TestContext.Current.CancellationToken);
        await creation.ExpectViolationAsync("max_lifetimes", owner ?? "server");
        Assert.Single(
            (await admin.GetAsync($"/v1/applications/{application.Id}/api-keys").Expect(200)).Json.GetProperty("items").EnumerateArray()
        );
    }

    /// <summary>On PostgreSQL the credentials are made on a replica too, whose caches know nothing of policies.</summary>
    [Theory, BothEngines]
    public async Task After_the_commit_of_a_policy_no_server_makes_what_breaks_it(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        await using var replica = engine == Engine.Postgres ? await server.StartReplicaAsync() : null;
        var admin = await server.AdminAsync();
        ApiClient[] clients = replica is null ? [admin, admin] : [admin, admin.At(replica.Address)];
        for (var round = 0; round < Rounds; round++)
        {
            var organization = await admin.OrganizationAsync();
            var application = await admin.ApplicationOfAsync(organization);
            var key = await admin.CreateApiKeyAsync(application.Id, new { expires_at = (string?)null });
            var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var count = 0;
            var loops = Enumerable.Range(0, 2 * Loops).Select(i => LoopAsync(clients[i % 2], i)).ToList();
            await Task.WhenAny(made.Task, Task.WhenAll(loops));
            // The policy of the organization and that of the server, in turn.
            var owner = round % 2 == 0 ? organization : null;
            await admin.SetPolicyAsync(owner, PolicyCalls.LifeOfAll(3600)).Expect(200);
            foreach (var client in clients)
                await CreateAsync(client).ExpectViolationAsync("max_lifetimes", owner ?? "server");
            await Task.WhenAll(loops);

            var committed = await NewestAsync("policy.updated", owner is null ? "" : $"&organization={organization}");
            Assert.True(
                await NewestAsync("api_key.created", $"&organization={organization}") < committed,
                "a key was made after the policy"
            );
            Assert.True(
                await NewestAsync("api_key.rotated", $"&organization={organization}") < committed,
                "a key was rotated after the policy"
            );
            await admin.ClearPolicyAsync(owner);

            async Task LoopAsync(ApiClient client, int i)
            {
                for (var status = 200; status is 200 or 201; )
                {
                    var answer =
                        i % 3 == 0
                            ? await client.PostAsync($"/v1/api-keys/{key.Id}/rotate", new { overlap_seconds = 0 })
                            : await CreateAsync(client);
                    status = answer.Status;
                    Assert.True(status is 200 or 201 or 422, answer.Body);
                    if (Interlocked.Increment(ref count) == 3 * Loops)
                        made.SetResult();
                }
            }

            Task<ApiResponse> CreateAsync(ApiClient client) =>
                client.PostAsync($"/v1/applications/{application.Id}/api-keys", """{"name":"made","expires_at":null}""");
        }

        async Task<long> NewestAsync(string action, string filter) =>
            (await admin.GetAsync($"/v1/audit?action={action}{filter}&limit=1").Expect(200))
                .Json.GetProperty("items")
                .EnumerateArray()
                .Select(row => row.GetProperty("seq").GetInt64())
                .FirstOrDefault();
    }
}
