using Microsoft.Extensions.DependencyInjection;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Doors;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Tests.Contracts;

namespace Tokenry.Server.Tests.Core.Sessions;

/// <summary>A session is judged again in the transaction of what it does, as every other credential is.</summary>
public sealed class SessionJudgementTests
{
    private static readonly Demand ReadUsers = new(ManagementApi.UsersRead);

    [Theory, BothEngines]
    public async Task A_session_that_ended_meanwhile_changes_nothing(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var (caller, user) = await SessionCallers.CallerAsync(server, "administrator");
        var ran = 0;
        await WriteAsync(server, caller, () => ran++);
        await server.Admin.DeleteAsync($"/v1/users/{user}/sessions").Expect(204);
        var refused = await Assert.ThrowsAsync<ProblemException>(() => WriteAsync(server, caller, () => ran++));
        Assert.Equal((401, 1), (refused.Status, ran));
    }

    [Theory, BothEngines]
    public async Task A_session_that_ends_while_its_operation_runs_does_not_commit_it(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var (caller, user) = await SessionCallers.CallerAsync(server, "administrator");
        // The end is committed between the judgement and the commit: on SQLite by the writer's queue, on PostgreSQL by another connection.
        var ends = server.Admin.DeleteAsync($"/v1/users/{user}/sessions");
        var written = await Task.WhenAll(
            Enumerable
                .Range(0, 20)
                .Select(async _ =>
                {
                    try
                    {
                        await WriteAsync(server, caller, () => { });
                        return 200;
                    }
                    catch (ProblemException problem)
                    {
                        return problem.Status;
                    }
                })
        );
        await ends.Expect(204);
        Assert.All(written, status => Assert.Contains(status, new[] { 200, 401 }));
        var events = (await server.Admin.GetAsync("/v1/audit?limit=100").Expect(200)).Json.GetProperty("items").EnumerateArray().ToList();
        var end = events.Single(row => row.GetProperty("action").GetString() == "user.sessions_ended").GetProperty("seq").GetInt64();
        Assert.DoesNotContain(
            events,
            row => row.GetProperty("credential_id").GetString() == caller.CredentialId && row.GetProperty("seq").GetInt64() > end
        );
    }

    [Theory, BothEngines]
    public async Task A_role_that_was_taken_away_counts_at_the_next_operation(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var (caller, user) = await SessionCallers.CallerAsync(server, "administrator");
        Assert.True(caller.Management.IsSupersetOf(ManagementApi.Scopes));
        await server.Admin.PatchAsync($"/v1/users/{user}", new { roles = Array.Empty<string>() }).Expect(200);
        var refused = await Assert.ThrowsAsync<ProblemException>(() => WriteAsync(server, caller, () => { }));
        Assert.Equal((403, ProblemCode.InsufficientScope), (refused.Status, refused.Code));
        await server.Admin.PostAsync($"/v1/users/{user}/disable").Expect(200);
        refused = await Assert.ThrowsAsync<ProblemException>(() => WriteAsync(server, caller, () => { }));
        Assert.Equal(401, refused.Status);
    }

    [Theory, BothEngines]
    public async Task A_proof_is_fresh_for_ten_minutes(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var fresh = server.App.Services.GetRequiredService<FreshAuthentication>();
        var (caller, _) = await SessionCallers.CallerAsync(server, "member");
        fresh.Require(caller);
        await server.Database.WriteAsync(tx =>
        {
            tx.Changed("session", caller.CredentialId!);
            return tx.ExecuteAsync("UPDATE sessions SET authenticated_at = authenticated_at - 600000");
        });
        var later = await server.App.Services.GetRequiredService<CallerJudge>().AgainAsync(caller);
        var refused = Assert.Throws<ProblemException>(() => fresh.Require(later));
        Assert.Equal((403, ProblemCode.FreshAuthenticationRequired), (refused.Status, refused.Code));
    }

    private static Task WriteAsync(InProcessServer server, Caller caller, Action run) =>
        server
            .App.Services.GetRequiredService<Gate>()
            .WriteAsync(
                caller,
                ReadUsers,
                "user.read",
                operation =>
                {
                    operation.Entry.TargetType = "user";
                    operation.Entry.TargetId = operation.Caller.Principal.Id;
                    run();
                    return Task.FromResult(true);
                }
            );
}
