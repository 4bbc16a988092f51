using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Tests.Core.Access;
using Tokenry.Server.Tests.Features.OAuth;
using static Tokenry.Server.Tests.Features.Verification.ForwardAuthTests;

namespace Tokenry.Server.Tests.Core.Apis;

using static ManagementCalls;

/// <summary>Issue 13, C.3: a scope has with it what it implies, at every door alike.</summary>
public sealed class ScopeHierarchyTests(SharedServers servers)
{
    private static readonly string[] Names = ["a", "b", "c", "d", "e", "f"];

    /// <summary>Without cycles: a scope implies only what stands behind it.</summary>
    private static Gen<Dictionary<string, IReadOnlyList<string>>> Hierarchies =>
        Gen.ListOf(Gen.Choose(0, 1), Names.Length * Names.Length)
            .Select(bits =>
                Names
                    .Select((name, i) => (name, implied: Names.Where((_, j) => j > i && bits[(i * Names.Length) + j] == 1).ToArray()))
                    .ToDictionary(entry => entry.name, IReadOnlyList<string> (entry) => entry.implied, StringComparer.Ordinal)
            );

    private static Gen<ScopeSet> Sets => Gen.SubListOf(Names).Select(names => ScopeSet.Of(names));

    [Fact]
    public void C03_the_closure_is_monotone_and_closed()
    {
        Prop.ForAll(
                Hierarchies.ToArbitrary(),
                Sets.ToArbitrary(),
                Sets.ToArbitrary(),
                (implications, some, more) =>
                {
                    var hierarchy = new ScopeHierarchy(implications);
                    var closed = hierarchy.Closure(some);
                    return closed.IsSupersetOf(some)
                        && hierarchy.Closure(closed).Equals(closed)
                        && hierarchy.Closure(some.Union(more)).Equals(closed.Union(hierarchy.Closure(more)))
                        && closed.All(scope => implications[scope].All(closed.Contains))
                        // What a credential may do is closed where its owner's rights are.
                        && hierarchy.Closure(closed.Intersect(hierarchy.Closure(more))).Equals(closed.Intersect(hierarchy.Closure(more)));
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [Fact]
    public void C03_an_implication_more_takes_nothing_away() =>
        Prop.ForAll(
                Hierarchies.ToArbitrary(),
                Sets.ToArbitrary(),
                Gen.Choose(0, Names.Length - 2).ToArbitrary(),
                (implications, some, at) =>
                {
                    var more = new Dictionary<string, IReadOnlyList<string>>(implications, StringComparer.Ordinal)
                    {
                        [Names[at]] = [.. implications[Names[at]], Names[at + 1]],
                    };
                    return new ScopeHierarchy(more).Closure(some).IsSupersetOf(new ScopeHierarchy(implications).Closure(some));
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void C03_a_cycle_is_found_and_nothing_else_taken_for_one() =>
        Prop.ForAll(
                Hierarchies.ToArbitrary(),
                Gen.Choose(0, Names.Length - 1).ToArbitrary(),
                Gen.Choose(0, Names.Length - 1).ToArbitrary(),
                (implications, from, to) =>
                {
                    var closes = new ScopeHierarchy(implications).Closure(ScopeSet.Of([Names[to]])).Contains(Names[from]);
                    var more = new Dictionary<string, IReadOnlyList<string>>(implications, StringComparer.Ordinal)
                    {
                        [Names[from]] = [.. implications[Names[from]], Names[to]],
                    };
                    return ScopeHierarchy.FindCycle(implications) is null && closes == (ScopeHierarchy.FindCycle(more) is not null);
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Theory]
    [BothEngines("""[{"name":"a","implies":["b"]}]""")]
    [BothEngines("""[{"name":"a","implies":["a"]}]""")]
    [BothEngines("""[{"name":"a","implies":["b"]},{"name":"b","implies":["a"]}]""")]
    [BothEngines("""[{"name":"a","implies":["b"]},{"name":"b","implies":["c"]},{"name":"c","implies":["a"]}]""")]
    [BothEngines("""[{"name":"a","implies":[]},{"name":"b"}]""")]
    [BothEngines("""[{"name":"a","implies":["b","b"]},{"name":"b"}]""")]
    [BothEngines("""[{"name":"a","implies":[null]},{"name":"b"}]""")]
    [BothEngines("""[{"name":"a","implies":["urn:tokenry:management"]}]""")]
    public async Task C03_unknown_names_and_cycles_are_refused(Engine engine, string scopes)
    {
        var admin = await servers.AdminAsync(engine);
        var name = CreateRequests.Unique("circle");
        await admin
            .PostAsync("/v1/api-resources", $$"""{"identifier":"https://{{name}}.example.com","name":"x","scopes":{{scopes}}}""")
            .ExpectFaultAsync("scopes");
        var api = await admin.CreateApiAsync(["a", "b", "c"]);
        await admin.PatchAsync($"/v1/api-resources/{api.Id}", $$"""{"scopes":{{scopes}}}""").ExpectFaultAsync("scopes");
    }

    [Theory, BothEngines]
    public async Task C03_every_door_says_the_same_of_what_is_implied(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var door = await servers.AnonymousAsync(engine);
        var made = await ArrangeAsync(admin);
        // Each by the role and by itself: the role names admin alone, the keys what stands there.
        (string[] Named, string All)[] rows =
        [
            (["admin"], "admin read write"),
            (["write"], "read write"),
            (["read"], "read"),
            (["other", "write"], "read write"), // the owner has no other
        ];
        foreach (var (named, all) in rows)
        {
            var refused = named.Contains("other");
            var key = refused
                ? await LaterAsync(named)
                : await admin.CreateApiKeyAsync(made.Application.Id, new { permissions = new[] { At(made.Api.Identifier, named) } });
            await ExpectAsync(key.Secret, isToken: false, all);
        }

        var owner = await admin.CreateApiKeyAsync(made.Application.Id, new { permissions = "owner" });
        await ExpectAsync(owner.Secret, isToken: false, "admin read write");
        foreach (var (asked, all) in new[] { ("write", "read write"), ("read", "read"), ("admin", "admin read write") })
        {
            var bought = await door.TokenAsync(made.Client(), ("resource", made.Api.Identifier), ("scope", asked)).Expect(200);
            Assert.Equal(all, bought.Text("scope"));
            // Who verifies by the key set alone sees the same.
            Assert.Equal(all, OAuthRequests.Claims(bought.Text("access_token")).GetProperty("scope").GetString());
            await ExpectAsync(bought.Text("access_token"), isToken: true, all);
        }

        async Task ExpectAsync(string secret, bool isToken, string all)
        {
            var scopes = all.Split(' ');
            Assert.Equal(scopes, Strings((await admin.VerifyAsync(secret, made.Api.Identifier).Expect(200)).Json.GetProperty("scopes")));
            Assert.Equal(all, (await admin.IntrospectAsync(secret).ExpectActive()).Text("scope"));
            var headers = isToken ? Bearer(secret) : Key(secret);
            Assert.Equal(all, (await door.GetAsync(Path(made), headers: headers).Expect(200)).Header("X-Tokenry-Scopes"));
            if (!isToken)
            {
                var me = await admin.With(secret).GetAsync("/v1/me").Expect(200);
                Assert.Equal(scopes, Strings(me.Json.GetProperty("permissions")[0].GetProperty("scopes")));
            }

            foreach (var scope in new[] { "admin", "write", "read", "other" })
            {
                var (code, status) = scopes.Contains(scope) ? ("valid", 200) : ("insufficient_scope", 403);
                Assert.Equal(code, await admin.CodeAsync(secret, made.Api.Identifier, [scope]));
                await door.GetAsync(Path(made, $"&scope={scope}"), headers: headers).Expect(status);
            }
        }

        // Named while the owner might, which no longer is so.
        async Task<CreatedCredential> LaterAsync(string[] named)
        {
            var role = await admin.CreateRoleAsync([At(made.Api.Identifier, "other")]);
            var path = $"/v1/applications/{made.Application.Id}";
            await admin.PatchAsync(path, new { roles = new[] { made.Role.Id, role.Id } }).Expect(200);
            var key = await admin.CreateApiKeyAsync(made.Application.Id, new { permissions = new[] { At(made.Api.Identifier, named) } });
            await admin.PatchAsync(path, new { roles = new[] { made.Role.Id } }).Expect(200);
            return key;
        }
    }

    [Theory, BothEngines]
    public async Task C03_a_hierarchy_that_changes_changes_every_grant_at_the_next_check(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await ArrangeAsync(admin);
        var key = await admin.CreateApiKeyAsync(made.Application.Id, new { permissions = new[] { At(made.Api.Identifier, "write") } });
        var api = $"/v1/api-resources/{made.Api.Id}";
        Assert.Equal("valid", await admin.CodeAsync(key.Secret, made.Api.Identifier, ["read"]));
        var flat = new { scopes = new[] { "admin", "write", "read", "other" }.Select(name => new { name }) };
        var answer = await admin.PatchAsync(api, flat).Expect(200);
        Assert.False(answer.Json.GetProperty("scopes")[0].TryGetProperty("implies", out _));
        Assert.Equal("wrong_api", await admin.CodeAsync(key.Secret, made.Api.Identifier));
        await admin.PatchAsync(api, Tree).Expect(200);
        Assert.Equal("valid", await admin.CodeAsync(key.Secret, made.Api.Identifier, ["read", "write"]));
        var shown = await admin.GetAsync(api).Expect(200);
        AssertJson("""["write"]""", shown.Json.GetProperty("scopes")[0].GetProperty("implies"));
        // What is granted is shown as it was named.
        AssertJson(
            $$"""[{"api":"{{made.Api.Identifier}}","scopes":["write"]}]""",
            (await admin.GetAsync($"/v1/api-keys/{key.Id}").Expect(200)).Json.GetProperty("permissions")
        );
    }

    [Theory, BothEngines]
    public async Task C03_minting_compares_what_is_implied(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await ArrangeAsync(admin);
        var caller = await admin.PersonWithTokenAsync([made.Role.Id], At(made.Api.Identifier, "write"), At(Management, "tokens:own"));
        foreach (var (scope, status) in new[] { ("read", 201), ("write", 201), ("admin", 403), ("other", 403) })
        {
            await caller
                .Client.PostAsync("/v1/me/tokens", new { name = "x", permissions = new[] { At(made.Api.Identifier, scope) } })
                .Expect(status);
        }

        var snapshot = await caller.Client.PostAsync("/v1/me/tokens", new { name = "x" }).Expect(201);
        AssertJson($$"""[{"api":"{{made.Api.Identifier}}","scopes":["read","write"]}]""", snapshot.Json.GetProperty("permissions"));
    }

    [Theory, BothEngines]
    public async Task C03_a_scope_that_refuses_a_kind_refuses_it_where_it_is_implied_too(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var scopes = new object[]
        {
            new { name = "write", implies = new[] { "read", "publish" } },
            new { name = "read" },
            new { name = "publish", accepted_credentials = new[] { "access_token" } },
        };
        var made = await Scenario
            .On(admin)
            .Api(_ => new { scopes }, "write")
            .Role()
            .ApiKey(made => new { permissions = new[] { At(made.Api.Identifier, "write") } })
            .ClientSecret()
            .CreateAsync();
        var answer = await admin.VerifyAsync(made.ApiKey.Secret, made.Api.Identifier).Expect(200);
        Assert.Equal(["read", "write"], Strings(answer.Json.GetProperty("scopes")));
        var token = await admin.With(null).TokenAsync(made.Client(), ("resource", made.Api.Identifier), ("scope", "write")).Expect(200);
        Assert.Equal("publish read write", token.Text("scope"));
    }

    private static object Tree =>
        new
        {
            scopes = new object[]
            {
                new { name = "admin", implies = new[] { "write" } },
                new { name = "write", implies = new[] { "read" } },
                new { name = "read" },
                new { name = "other" },
            },
        };

    /// <summary>An application whose role names admin, which implies write, which implies read.</summary>
    private static Task<Created> ArrangeAsync(ApiClient admin) =>
        Scenario.On(admin).Api(_ => Tree, "admin", "write", "read", "other").Role("admin").Application().ClientSecret().CreateAsync();
}
