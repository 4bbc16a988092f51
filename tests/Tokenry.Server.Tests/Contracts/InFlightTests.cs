using System.Diagnostics;

namespace Tokenry.Server.Tests.Contracts;

/// <summary>
/// Issue: requests in flight outlived revocation and demotion. The server authenticates a caller when the headers come, and the body may come much later; what
/// happened to the caller between the two counts, on every route that takes a body, and wherever it happened.
/// </summary>
public sealed class InFlightTests(SharedServers servers)
{
    /// <summary>Rights that every enabled user has: no demotion takes them away.</summary>
    private static readonly string[] OfMembers = ["tokens:own"];

    [Theory, BothEngines]
    public async Task Who_was_revoked_disabled_or_demoted_before_the_last_byte_changes_nothing(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        await using var replica = engine == Engine.Postgres ? await server.StartReplicaAsync() : null;
        var admin = await server.AdminAsync();
        // What takes the rights away happens elsewhere where there is an elsewhere: the commit must see it before this replica has heard of it.
        var elsewhere = replica is null ? admin : admin.At(replica.Address);
        var (administrator, scopes) = (await Actor.BuiltInRolesAsync(admin))["administrator"];
        var api = await admin.CreateApiAsync(["invoices:read"]);
        var faults = new List<string>();
        var tried = 0;
        await Parallel.ForEachAsync(
            from route in await WithBodyAsync()
            from fate in Enum.GetValues<Fate>()
            where fate != Fate.Demoted || route.Needs.Count > 0 && !route.Needs.Any(OfMembers.Contains)
            select (route, fate),
            new ParallelOptions { MaxDegreeOfParallelism = 6 },
            async (one, _) =>
            {
                var (route, fate) = one;
                var actor = await Actor.CreateAsync(admin, [administrator], scopes);
                var target =
                    !route.HasTarget ? Target.Nobody
                    : route.Path.StartsWith("/v1/me/", StringComparison.Ordinal) ? (await actor.OwnAsync(route, admin))!
                    : await Actor.ForeignAsync(route, admin);
                var call = Call.To(route, target, api.Identifier, api.Scopes);
                using var held = await HeldRequest.BeginAsync(actor.Client, call.Method, call.Address, call.Body!);
                if (held.First != 100)
                {
                    lock (faults)
                        faults.Add($"{route}: answered {held.First} before the body");
                    return;
                }

                await MeetAsync(elsewhere, actor, fate);
                var status = await held.EndAsync();
                Interlocked.Increment(ref tried);
                // The doors and the reads of a replica have their second (contract, "Life"); what changes many finds nothing here.
                var late =
                    replica is not null
                    && (
                        route.Path.StartsWith("/v1/verify", StringComparison.Ordinal)
                        || route.Path.Contains("/bulk/", StringComparison.Ordinal)
                        || route.Path.EndsWith("/policy/preview", StringComparison.Ordinal)
                    );
                var refused = fate == Fate.Demoted ? status == 403 : status == 401;
                // Nobody's signing keys are touched: these are in order but for the key they name.
                var missing =
                    route.Path.StartsWith("/v1/signing-keys", StringComparison.Ordinal) && (fate == Fate.None || replica is not null);
                if (!(missing && status is (400 or 404)) && (fate == Fate.None ? status >= 400 : !refused && !(late && status == 200)))
                {
                    lock (faults)
                        faults.Add($"{route}, {fate}: {status}");
                }
            }
        );
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.True(tried > 60, $"{tried} tried");
    }

    /// <summary>The operation finds a revoked credential before its own replica has heard: 401 because of who asks, not 409 because of what is asked.</summary>
    [Fact]
    public async Task Who_was_revoked_on_another_replica_hears_401_and_not_what_the_operation_found()
    {
        await using var server = await ServerProcess.StartAsync(Engine.Postgres);
        await using var replica = await server.StartReplicaAsync();
        var admin = await server.AdminAsync();
        var elsewhere = admin.At(replica.Address);
        var made = await Scenario.On(admin).ApiKey().CreateAsync();
        for (var round = 0; round < 25; round++)
        {
            var key = await admin.CreateApiKeyAsync(made.Application.Id);
            await admin.With(key.Secret).GetAsync("/v1/me").Expect(200);
            await elsewhere.DeleteAsync($"/v1/api-keys/{key.Id}").Expect(204);
            (await admin.With(key.Secret).PostAsync("/v1/me/credential/rotate", new { overlap_seconds = 60 })).Expect(401);
        }
    }

    [Theory, BothEngines]
    public async Task A_stranger_is_refused_before_the_body(Engine engine)
    {
        var server = await servers.GetAsync(engine);
        foreach (var route in await WithBodyAsync())
        {
            var call = Call.To(route, Target.Nobody);
            using var held = await HeldRequest.BeginAsync(server.Client(), call.Method, call.Address, call.Body!);
            Assert.True(held.First == 401, $"{route}: {held.First}");
        }
    }

    [Theory, BothEngines]
    public async Task An_answer_is_not_repeated_to_who_was_revoked_meanwhile(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var (administrator, scopes) = (await Actor.BuiltInRolesAsync(admin))["administrator"];
        var actor = await Actor.CreateAsync(admin, [administrator], scopes);
        var application = await admin.CreateApplicationAsync([]);
        var path = $"/v1/applications/{application.Id}/api-keys";
        var body = new { name = "once" };
        await actor.Client.PostAsync(path, body, new Dictionary<string, string> { ["Idempotency-Key"] = "k1" }).Expect(201);
        using var held = await HeldRequest.BeginAsync(actor.Client, HttpMethod.Post, path, body, ("Idempotency-Key", "k1"));
        await MeetAsync(admin, actor, Fate.Revoked);
        Assert.Equal(401, await held.EndAsync());
    }

    /// <summary>Ten seconds of wall clock: a burst and then silence, by someone known, by a stranger and by one who signs.</summary>
    [Theory, BothEngines]
    public async Task A_body_that_stops_coming_is_given_up(Engine engine)
    {
        var server = await servers.GetAsync(engine);
        var admin = await servers.AdminAsync(engine);
        var body = new { token = new string('x', 8000) };
        using var known = await HeldRequest.BeginAsync(admin, HttpMethod.Post, "/v1/verify", body);
        using var stranger = await HeldRequest.BeginAsync(server.Client(), HttpMethod.Post, "/v1/credentials/revoke", body);
        using var signing = await HeldRequest.BeginAsync(
            server.Client(),
            HttpMethod.Post,
            "/v1/applications",
            body,
            ("Signature-Input", "tokenry=(\"@method\");created=1;keyid=\"key_000000000000000000000A\""),
            ("Signature", "tokenry=:AAAA:")
        );
        Assert.Equal((100, 100, 100), (known.First, stranger.First, signing.First));
        var began = Stopwatch.StartNew();
        foreach (var held in new[] { known, stranger, signing })
            await held.SendAsync(7900);
        // The least rate would have let the 7,900 bytes last for 33 s.
        Assert.Equal((408, 408, 408), (await known.AnswerAsync(), await stranger.AnswerAsync(), await signing.AnswerAsync()));
        Assert.True(began.Elapsed > TimeSpan.FromSeconds(5), "given up too soon");
    }

    private static async Task<IEnumerable<Route>> WithBodyAsync() =>
        (await Route.OfCallersAsync()).Where(route =>
            route.Method is "POST" or "PATCH" && Call.To(route, Target.Nobody).Body is not (null or Call.FormBody)
        );

    private static Task MeetAsync(ApiClient admin, Actor actor, Fate fate) =>
        fate switch
        {
            Fate.None => Task.CompletedTask,
            Fate.Revoked => admin.DeleteAsync($"/v1/tokens/{actor.CredentialId}").Expect(204),
            Fate.Disabled => admin.PostAsync($"/v1/users/{actor.UserId}/disable").Expect(200),
            _ => admin.PatchAsync($"/v1/users/{actor.UserId}", new { roles = Array.Empty<string>() }).Expect(200),
        };

    private enum Fate
    {
        /// <summary>The same request, and nothing happens to who sends it: it is done.</summary>
        None,
        Revoked,
        Disabled,
        Demoted,
    }
}
