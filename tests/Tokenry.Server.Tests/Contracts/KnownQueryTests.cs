namespace Tokenry.Server.Tests.Contracts;

/// <summary>No route below <c>/v1</c> ignores a query parameter that it does not know: the change it would make is not the one that was asked for.</summary>
public sealed class KnownQueryTests(SharedServers servers)
{
    [Fact]
    public async Task Only_the_doors_are_free_to_read_their_query_themselves() =>
        Assert.Equal(
            ["ANY /v1/forward-auth", "GET /v1/forward-auth"],
            (await Route.AllAsync())
                .Where(route => route.Path.StartsWith("/v1", StringComparison.Ordinal) && route.Query is null)
                .Select(route => route.ToString())
        );

    [Theory, BothEngines]
    public async Task A_query_parameter_that_a_route_does_not_know_is_refused_on_every_route(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        foreach (var route in (await Route.AllAsync()).Where(route => route.Query is not null))
        {
            var call = Call.To(route, Target.Nobody);
            var unknown = await FaultAsync("surprise", "surprise=1");
            Assert.StartsWith("is not a query parameter of this route", unknown, StringComparison.Ordinal);
            foreach (var (name, _) in route.Query!)
            {
                Assert.Contains(name, unknown, StringComparison.Ordinal);
                var misspelt = name + name[^1];
                Assert.Contains($"Did you mean {name}?", await FaultAsync(misspelt, $"{misspelt}=1"), StringComparison.Ordinal);
                Assert.Equal("appears more than once", await FaultAsync(name, $"{name}=true&{name}=true"));
            }

            async Task<string> FaultAsync(string name, string query) =>
                Fault((await (call with { Path = $"{call.Path}?{query}" }).SendAsync(admin)).Expect(400, "invalid_request"), name);
        }
    }

    [Theory, BothEngines]
    public async Task A_change_with_a_misspelt_parameter_is_not_made(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var api = await admin.CreateApiAsync(["a"]);
        var path = $"/v1/api-resources/{api.Id}";
        var before = (await admin.GetAsync(path).Expect(200)).Body;
        var answer = (await admin.PatchAsync(path + "?dryrun=true", new { name = "changed" })).Expect(400, "invalid_request");
        Assert.Equal("is not a query parameter of this route. Did you mean dry_run? Known: dry_run.", Fault(answer, "dryrun"));
        answer = (await admin.DeleteAsync(path + "?force=yes")).Expect(400, "invalid_request");
        Assert.Equal("must be true or false", Fault(answer, "force"));
        (await admin.DeleteAsync(path + "?resaon=leaked")).Expect(400, "invalid_request");
        Assert.Equal(before, (await admin.GetAsync(path).Expect(200)).Body);
    }

    /// <summary>A word that nothing can match gave an empty list, as if nothing had happened.</summary>
    [Theory]
    [InlineData("/v1/audit?action=api_key.deleted", "action", "is not an action of the audit; known of api_key: created, ")]
    [InlineData("/v1/audit?action=apikey.created", "action", "is not an action of the audit; known kinds: ")]
    [InlineData("/v1/audit?action=signals.*", "action", "is not an action of the audit; known kinds: ")]
    [InlineData("/v1/audit?result=ok", "result", "must be one of success, denied, signal")]
    [InlineData("/v1/audit?actor=admin@localhost", "actor", "must be an id such as usr_… or app_…")]
    [InlineData("/v1/access-log?result=foo", "result", "must be one of malformed, unknown, ")]
    [InlineData("/v1/access-log?door=front", "door", "must be one of verify, forward_auth, ")]
    [InlineData("/v1/access-log?credential=key_1", "credential", "must be an id such as key_… or pat_…")]
    [InlineData("/v1/access-log?subject=key_0000000000000000000001", "subject", "must be an id such as usr_… or app_…")]
    [InlineData("/v1/access-log?actor=x", "actor", "must be an id such as usr_… or app_…")]
    [InlineData("/v1/access-log?request=1", "request", "must be an id such as req_…")]
    [InlineData("/v1/access-log?ip=10.0.0", "ip", "is not an IP address")]
    [InlineData("/v1/usage?code=ok", "code", "must be one of malformed, unknown, ")]
    [InlineData("/v1/usage?subject=me", "subject", "must be an id such as usr_… or app_…")]
    [InlineData("/v1/credentials?owner=me", "owner", "must be an id such as usr_… or app_…")]
    [InlineData("/v1/applications?owner=me", "owner", "must be an id such as usr_…")]
    public async Task A_filter_by_a_value_that_there_is_not_is_refused(string path, string name, string fault)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        Assert.StartsWith(fault, Fault(await admin.GetAsync(path).Expect(400, "invalid_request"), name), StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task A_filter_by_a_value_that_there_is_finds_what_it_did(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        foreach (var action in new[] { "api_key.revoked", "signal.*", "store.rolled_back", "pepper.rotated", "certificate.leak_reported" })
            await admin.GetAsync($"/v1/audit?action={action}").Expect(200);
        foreach (var actor in new[] { "system", "anonymous", "usr_0000000000000000000001" })
            await admin.GetAsync($"/v1/audit?actor={actor}").Expect(200);
        await admin.GetAsync("/v1/access-log?result=issued&door=token&ip=::1").Expect(200);
        await admin.GetAsync("/v1/access-log?result=federated_wrong_subject&door=client_authentication").Expect(200);
    }

    /// <summary>RFC 6749 §3.2: unrecognized parameters must be ignored; and who probes a public document may add any.</summary>
    [Theory, BothEngines]
    public async Task A_route_outside_v1_answers_with_an_unknown_parameter_as_without(Engine engine)
    {
        var anonymous = await servers.AnonymousAsync(engine);
        foreach (var route in (await Route.AllAsync()).Where(route => !route.Path.StartsWith("/v1", StringComparison.Ordinal)))
        {
            var call = Call.To(route, Target.Nobody);
            var without = await call.SendAsync(anonymous);
            var with = await (call with { Path = call.Path + "?surprise=1" }).SendAsync(anonymous);
            Assert.True(without.Status == with.Status, $"{route}: {without.Status}, with an unknown parameter {with.Status}");
        }
    }

    private static string Fault(ApiResponse answer, string name)
    {
        Assert.True(answer.Json.GetProperty("errors").TryGetProperty(name, out var faults), answer.Body);
        return faults[0].GetString()!;
    }
}
