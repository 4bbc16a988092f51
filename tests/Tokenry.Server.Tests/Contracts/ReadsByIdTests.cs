namespace Tokenry.Server.Tests.Contracts;

/// <summary>R14: one thing is shown by its id however long the lists of the same principal take.</summary>
public sealed class ReadsByIdTests
{
    [Theory, BothEngines]
    public async Task What_is_shown_by_its_id_waits_for_no_list(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var admin = server.Admin;
        var targets = new List<(Route Route, Target Target)>();
        foreach (var route in await Route.OfCallersAsync())
        {
            if (route.Method == "GET" && route.Path.EndsWith("/{id}", StringComparison.Ordinal))
                targets.Add((route, await TargetAsync(route, admin)));
        }

        Assert.True(targets.Count > 10);
        var (begun, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.Database.BeforeList = _ =>
        {
            begun.TrySetResult();
            return end.Task;
        };
        var lists = Enumerable.Range(0, 20).Select(_ => admin.GetAsync("/v1/users")).ToList();
        await begun.Task;
        foreach (var (route, target) in targets)
            (await Call.To(route, target).SendAsync(admin)).Expect(200);
        Assert.DoesNotContain(lists, list => list.IsCompletedSuccessfully && list.Result.Status == 200);
        end.SetResult();
        await Task.WhenAll(lists);
    }

    private static async Task<Target> TargetAsync(Route route, ApiClient admin)
    {
        if (route.Path.StartsWith("/v1/signing-keys", StringComparison.Ordinal))
            return new Target(
                (await admin.GetAsync("/v1/signing-keys").Expect(200)).Json.GetProperty("items")[0].GetProperty("id").GetString()!
            );
        if (!route.Path.StartsWith("/v1/me", StringComparison.Ordinal))
            return await Actor.ForeignAsync(route, admin);
        var me = (await admin.GetAsync("/v1/me").Expect(200)).Text("user.id");
        return new Target(
            Call.Prefix(route.Path) == "rrq"
                ? await Actor.RoleRequestAsync(admin, me)
                : (await admin.CreatePersonalAccessTokenAsync(me)).Id,
            me
        );
    }
}
