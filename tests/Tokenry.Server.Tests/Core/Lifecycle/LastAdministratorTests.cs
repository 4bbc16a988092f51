using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Lifecycle;

/// <summary>A.6: there is always somebody who may give rights back.</summary>
public sealed class LastAdministratorTests
{
    [Theory, BothEngines]
    public async Task A6_the_last_administrator_is_neither_deleted_nor_disabled_nor_demoted(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var first = $"/v1/users/{(await admin.GetAsync("/v1/me").Expect(200)).Text("user.id")}";
        // A whole role or several that make one: both are an administrator.
        var scopes = Strings(
            (await admin.GetAsync($"/v1/roles/{Administrator}").Expect(200)).Json.GetProperty("permissions")[0].GetProperty("scopes")
        );
        var half = await admin.CreateRoleAsync([At(Management, scopes[..(scopes.Length / 2)])]);
        var rest = await admin.CreateRoleAsync([At(Management, scopes[(scopes.Length / 2)..])]);
        var machine = await admin.CreateApplicationAsync([Administrator]); // does not count
        var key = await admin.CreateApiKeyAsync(machine.Id, new { permissions = new[] { At(Management, scopes) } });
        var robot = admin.With(key.Secret);

        await ExpectKeptAsync(first);
        var second = $"/v1/users/{(await admin.PersonAsync(half.Id, rest.Id)).Id}";
        await robot.PostAsync(first + "/disable").Expect(200);
        await ExpectKeptAsync(second);
        await robot.PatchAsync($"/v1/roles/{rest.Id}", new { permissions = Array.Empty<object>() }).Expect(409, "last_administrator");
        await robot
            .PatchAsync($"/v1/roles/{half.Id}", new { permissions = new[] { At(Management, scopes[1..(scopes.Length / 2)]) } })
            .Expect(409, "last_administrator");
        await robot.PatchAsync($"/v1/roles/{half.Id}", new { name = CreateRequests.Unique("renamed") }).Expect(200);
        await robot.DeleteAsync($"/v1/roles/{rest.Id}").Expect(409, "in_use");
        await robot.PatchAsync(second, new { name = "Still here", roles = new[] { half.Id, rest.Id, Auditor } }).Expect(200);

        await robot.PostAsync(first + "/enable").Expect(200);
        await robot.PatchAsync($"/v1/roles/{rest.Id}", new { permissions = Array.Empty<object>() }).Expect(200);
        await robot.DeleteAsync(second).Expect(204);
        await ExpectKeptAsync(first);

        async Task ExpectKeptAsync(string user)
        {
            foreach (
                var attempt in new[]
                {
                    robot.DeleteAsync(user),
                    robot.PostAsync(user + "/disable"),
                    robot.PatchAsync(user, new { roles = Array.Empty<string>() }),
                    robot.PatchAsync(user, new { roles = new[] { Auditor } }),
                }
            )
            {
                var refusal = await attempt.Expect(409, "last_administrator");
                Assert.Contains("--revive", refusal.Text("detail"), StringComparison.Ordinal);
            }
            Assert.True((await robot.GetAsync(user).Expect(200)).Json.GetProperty("enabled").GetBoolean());
        }
    }

    /// <summary>An application demotes both at once, and each demotes itself: of two that end the last one another's, one is refused.</summary>
    [Theory, BothEngines]
    public async Task A6_two_administrators_do_not_go_at_the_same_time(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var first = (await admin.GetAsync("/v1/me").Expect(200)).Text("user.id");
        var scopes = Strings(
            (await admin.GetAsync($"/v1/roles/{Administrator}").Expect(200)).Json.GetProperty("permissions")[0].GetProperty("scopes")
        );
        var machine = await admin.CreateApplicationAsync([Administrator]);
        var robot = admin.With((await admin.CreateApiKeyAsync(machine.Id, new { permissions = new[] { At(Management, scopes) } })).Secret);
        await using var replica = engine == Engine.Postgres ? await server.StartReplicaAsync() : null;
        ApiClient[] doors = [robot, replica is null ? robot : robot.At(replica.Address)];
        var second = (await admin.PersonAsync(Administrator)).Id;
        for (var round = 0; round < 10; round++)
        {
            var answers = await Task.WhenAll(
                doors[0].PatchAsync($"/v1/users/{first}", new { roles = Array.Empty<string>() }),
                doors[1].PostAsync($"/v1/users/{second}/disable")
            );
            Assert.Equal([200, 409], answers.Select(answer => answer.Status).Order());
            await robot.PatchAsync($"/v1/users/{first}", new { roles = new[] { Administrator } }).Expect(200);
            await robot.PostAsync($"/v1/users/{second}/enable").Expect(200);
        }
    }
}
