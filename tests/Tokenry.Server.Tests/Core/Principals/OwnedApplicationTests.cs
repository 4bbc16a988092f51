using System.Text.Json;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Principals;

/// <summary>A.4: weaker owner, weaker credential — for the applications of a user, too.</summary>
public sealed class OwnedApplicationTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A4_an_application_has_at_every_door_no_more_than_its_user_has_now(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var world = await OwnedApplication.ArrangeAsync(admin);
        await world.ExpectAsync("valid");

        await admin.PatchAsync(world.User, new { roles = new[] { Developer } }).Expect(200);
        await world.ExpectAsync("wrong_api");
        await admin.PatchAsync(world.User, new { roles = new[] { Developer, world.RoleId } }).Expect(200);
        await world.ExpectAsync("valid");

        await admin.PostAsync(world.User + "/disable").Expect(200);
        await world.ExpectAsync("owner_disabled");
        await admin.PostAsync(world.User + "/enable").Expect(200);
        await world.ExpectAsync("valid");

        // A role that is edited reaches it through its user, who holds it, and not only through its own.
        await admin.PatchAsync(world.Application, new { roles = Array.Empty<string>(), permissions = world.Permissions }).Expect(200);
        await world.ExpectAsync("valid");
        await admin.PatchAsync($"/v1/roles/{world.RoleId}", new { permissions = Array.Empty<object>() }).Expect(200);
        await world.ExpectAsync("wrong_api");
        await admin.PatchAsync($"/v1/roles/{world.RoleId}", new { permissions = world.Permissions }).Expect(200);
        await world.ExpectAsync("valid");

        await admin.DeleteAsync(world.User).Expect(204);
        await world.ExpectAsync("owner_disabled");
        var shown = await admin.GetAsync(world.Application).Expect(200);
        Assert.True(shown.Json.GetProperty("enabled").GetBoolean()); // it rests, and is not changed itself
        Assert.True(shown.Json.GetProperty("owner_bound").GetBoolean());
    }

    [Theory, BothEngines]
    public async Task A4_an_anonymous_key_rests_with_the_user_too(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var world = await OwnedApplication.ArrangeAsync(admin);
        var key = await admin.CreateApiKeyAsync(world.Id, new { anonymous = true });
        Assert.Equal("valid", await admin.CodeAsync(key.Secret));
        await admin.PostAsync(world.User + "/disable").Expect(200);
        Assert.Equal("owner_disabled", await admin.CodeAsync(key.Secret));
    }

    [Theory, BothEngines]
    public async Task A4_what_an_application_registers_is_bounded_by_the_user_behind_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a").Role("a").CreateAsync();
        var registrar = (await admin.CreateRoleAsync([At(Management, "applications:own")])).Id;
        var user = await admin.PersonWithTokenAsync(
            [registrar, made.Role.Id],
            At(Management, "applications:own"),
            At(made.Api.Identifier, "a")
        );
        var first = await RegisterAsync(user.Client);
        var second = await RegisterAsync(admin.With(first.Key));
        Assert.Equal("valid", await admin.CodeAsync(second.Key, made.Api.Identifier, ["a"]));
        // A third would have to be looked up through two others at every check.
        await admin.With(second.Key).PostAsync("/v1/applications", new { name = "third" }).Expect(403, "exceeds_own_rights");

        await admin.PatchAsync($"/v1/users/{user.Id}", new { roles = new[] { registrar } }).Expect(200);
        Assert.Equal("wrong_api", await admin.CodeAsync(second.Key, made.Api.Identifier));
        await admin.PatchAsync($"/v1/users/{user.Id}", new { roles = new[] { registrar, made.Role.Id } }).Expect(200);
        Assert.Equal("valid", await admin.CodeAsync(second.Key, made.Api.Identifier, ["a"]));
        await admin.PostAsync($"/v1/users/{user.Id}/disable").Expect(200);
        Assert.Equal("owner_disabled", await admin.CodeAsync(second.Key, made.Api.Identifier));

        async Task<(string Id, string Key)> RegisterAsync(ApiClient client)
        {
            var application = await client
                .PostAsync("/v1/applications", new { name = "one's own", roles = new[] { registrar, made.Role.Id } })
                .Expect(201);
            var key = await client
                .PostAsync(
                    $"/v1/applications/{application.Text("id")}/api-keys",
                    new { name = "k", permissions = new[] { At(Management, "applications:own"), At(made.Api.Identifier, "a") } }
                )
                .Expect(201);
            return (application.Text("id"), key.Text("token"));
        }
    }

    [Theory, BothEngines]
    public async Task A4_end_networks_and_rates_of_the_caller_bind_what_it_makes_for_its_applications(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var world = await OwnedApplication.ArrangeAsync(admin);
        var end = In(600);
        object[] permissions = [At(Management, "applications:own", "tokens:own", "audit:read"), At(world.Api, "a")];
        object[] limits = [Limit("daily", 50)];
        var narrow = admin.With(
            (
                await admin.CreatePersonalAccessTokenAsync(
                    world.UserId,
                    new
                    {
                        permissions,
                        expires_at = end,
                        allowed_ips = new[] { "127.0.0.1" },
                        rate_limits = limits,
                    }
                )
            ).Secret
        );
        var keys = world.Application + "/api-keys";

        // What is not said is as narrow as the caller.
        foreach (var path in new[] { keys, "/v1/me/tokens" })
        {
            var key = await narrow.PostAsync(path, new { name = "narrow", permissions = world.Permissions }).Expect(201);
            Assert.Equal(end, key.Text("expires_at"));
            Assert.Equal(["127.0.0.1/32"], Strings(key.Json.GetProperty("allowed_ips")));
            AssertJson("""[{"name":"daily","limit":50,"period":"day"}]""", key.Json.GetProperty("rate_limits"));
            var life = path == keys ? "/v1/api-keys" : "/v1/me/tokens";
            await narrow.PatchAsync($"{life}/{key.Text("id")}", new { expires_at = In(6000) }).Expect(403, "exceeds_own_rights");
            await narrow.PatchAsync($"{life}/{key.Text("id")}", new { rate_limits = (object?)null }).Expect(403, "exceeds_own_rights");
            await narrow.PostAsync($"{life}/{key.Text("id")}/rotate", new { overlap_seconds = 0 }).Expect(200);

            // What is said lies within.
            foreach (
                var wider in new object[]
                {
                    new { name = "x", expires_at = (string?)null },
                    new { name = "x", expires_at = In(6000) },
                    new { name = "x", allowed_ips = new[] { "127.0.0.0/8" } },
                    new { name = "x", rate_limits = new[] { Limit("daily", 51) } },
                    new
                    {
                        name = "x",
                        rate_limits = new[]
                        {
                            new
                            {
                                name = "burst",
                                limit = 1,
                                window_seconds = 60,
                            },
                        },
                    },
                }
            )
                await narrow.PostAsync(path, wider).Expect(403, "exceeds_own_rights");
            await narrow
                .PostAsync(
                    path,
                    new
                    {
                        name = "narrower",
                        permissions = world.Permissions,
                        rate_limits = new[] { Limit("own", 49) },
                    }
                )
                .Expect(201);
        }

        // What authenticates a client has no limits of its own to be bound by.
        using var pair = ClientKey.Make();
        await narrow.PostAsync(world.Application + "/secrets", new { name = "x" }).Expect(403, "exceeds_own_rights");
        await narrow
            .PostAsync(
                world.Application + "/public-keys",
                new
                {
                    name = "x",
                    jwk = pair.Jwk,
                    alg = pair.Algorithm,
                }
            )
            .Expect(403, "exceeds_own_rights");
        await admin.PatchAsync(world.Application, new { rate_limits = limits }).Expect(200);
        var secret = await narrow.PostAsync(world.Application + "/secrets", new { name = "x" }).Expect(201);
        Assert.Equal(end, secret.Text("expires_at"));

        // The one call, too.
        var quick = await narrow
            .PostAsync(
                "/v1/api-keys",
                new
                {
                    name = "quick",
                    api = world.Api,
                    scopes = new[] { "a" },
                }
            )
            .Expect(201);
        Assert.Equal(end, quick.Text("expires_at"));
        // A key that an administrator made for it outlives the caller: a new secret of it would, too.
        await narrow.PostAsync($"/v1/api-keys/{world.KeyId}/rotate", new { overlap_seconds = 0 }).Expect(403, "exceeds_own_rights");
        await narrow.PatchAsync($"/v1/api-keys/{world.KeyId}", new { permissions = world.Permissions }).Expect(403, "exceeds_own_rights");
        await narrow.PatchAsync($"/v1/api-keys/{world.KeyId}", new { name = "renamed" }).Expect(200);
    }

    [Theory, BothEngines]
    public async Task A4_what_credentials_write_makes_for_others_is_not_bound(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var world = await OwnedApplication.ArrangeAsync(admin);
        var role = await admin.CreateRoleAsync([At(Management, "credentials:write")]);
        var deployer = await admin.PersonAsync(role.Id);
        var token = await admin.CreatePersonalAccessTokenAsync(
            deployer.Id,
            new
            {
                permissions = new[] { At(Management, "credentials:write") },
                expires_at = In(600),
                allowed_ips = new[] { "127.0.0.1" },
                rate_limits = new[] { Limit("daily", 50) },
            }
        );
        var key = await admin
            .With(token.Secret)
            .PostAsync(world.Application + "/api-keys", new { name = "for a year", permissions = new[] { At(world.Api, "a") } })
            .Expect(201);
        Assert.Equal(JsonValueKind.Null, key.Json.GetProperty("expires_at").ValueKind);
        Assert.Equal(JsonValueKind.Null, key.Json.GetProperty("allowed_ips").ValueKind);
        Assert.Equal(JsonValueKind.Null, key.Json.GetProperty("rate_limits").ValueKind);
    }

    [Theory, BothEngines]
    public async Task A4_a_client_secret_reaches_what_its_user_may_have_again(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var strong = await admin.CreateRoleAsync([At(Management, "audit:read")]);
        var user = await admin.PersonAsync();
        var application = await admin.CreateApplicationAsync([strong.Id]);
        await admin.PostAsync($"/v1/applications/{application.Id}/transfer", new { owner = user.Id }).Expect(200);
        // The user has nothing now and may be promoted: to hold its secret is to wait for that.
        var issuer = await admin.CallerAsync("credentials:write");
        await issuer.Client.PostAsync($"/v1/applications/{application.Id}/secrets", new { name = "x" }).Expect(403, "exceeds_own_rights");
    }

    [Fact]
    public async Task A4_the_other_replica_knows_within_a_second_or_two()
    {
        await using var one = await ServerProcess.StartAsync(Engine.Postgres);
        await using var two = await one.StartReplicaAsync();
        var admin = await one.AdminAsync();
        var world = await OwnedApplication.ArrangeAsync(admin);
        var other = admin.At(two.Address);
        Assert.Equal("valid", await other.CodeAsync(world.Key, world.Api, ["a"]));
        await admin.PatchAsync(world.User, new { roles = new[] { Developer } }).Expect(200);
        await EventuallyAsync(async () => await other.CodeAsync(world.Key, world.Api) == "wrong_api", "demoted at the other replica");
        await admin.PostAsync(world.User + "/disable").Expect(200);
        await EventuallyAsync(async () => await other.CodeAsync(world.Key, world.Api) == "owner_disabled", "disabled at the other replica");
        await admin.PostAsync(world.Application + "/transfer", new { owner = (string?)null }).Expect(200);
        await EventuallyAsync(async () => await other.CodeAsync(world.Key, world.Api, ["a"]) == "valid", "nobody's at the other replica");
    }

    private static object Limit(string name, int limit) =>
        new
        {
            name,
            limit,
            period = "day",
        };
}
