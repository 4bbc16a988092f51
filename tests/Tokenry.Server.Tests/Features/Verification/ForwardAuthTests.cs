using System.Text;
using Tokenry.Server.Tests.Platform.Http;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Verification;

/// <summary>The door for proxies: status, challenge and identity for each way to ask (contract, Forward-auth; RFC 6750 §3).</summary>
public sealed class ForwardAuthTests(SharedServers servers)
{
    private static readonly string[] Identity = ["Subject", "Kind", "Credential", "Application", "Organization", "Scopes", "Objects"];

    [Theory, BothEngines]
    public async Task A_good_credential_gets_every_identity_header_and_no_body(Engine engine)
    {
        var (made, door) = await ArrangeAsync(engine);
        var answer = await door.GetAsync(Path(made, "&scope=a"), headers: Key(made.ApiKey.Secret)).Expect(200);
        Assert.Equal("", answer.Body);
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        Assert.Equal(
            [made.Application.Id, "api_key", made.ApiKey.Id, made.Application.Id, "", "a b", ""],
            Identity.Select(name => answer.Header($"X-Tokenry-{name}"))
        );
        Assert.Null(answer.Header("X-Tokenry-Jwt"));
    }

    [Theory, BothEngines]
    public async Task Objects_of_a_personal_token_are_told_and_bound_it(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(_ => new { object_types = new[] { "repo" } }, "a")
            .Role()
            .User()
            .PersonalAccessToken(_ => new { objects = new[] { "repo:acme/*", "repo:other/x" } })
            .CreateAsync();
        var door = await servers.AnonymousAsync(engine);
        var answer = await door.GetAsync(Path(made, "&object=repo:acme/web"), headers: Bearer(made.PersonalAccessToken.Secret)).Expect(200);
        Assert.Equal("repo:acme/* repo:other/x", answer.Header("X-Tokenry-Objects"));
        Assert.Equal(made.User.Id, answer.Header("X-Tokenry-Subject"));
        Assert.Equal("", answer.Header("X-Tokenry-Application"));
        var refused = await door.GetAsync(Path(made, "&object=repo:else/web"), headers: Bearer(made.PersonalAccessToken.Secret));
        refused.Expect(403, "object_not_allowed");
        Assert.Contains("error=\"insufficient_scope\"", refused.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task An_anonymous_key_has_no_subject_and_no_scope(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario
            .On(admin)
            .Api(_ => new { accepted_credentials = new[] { "anonymous_api_key" } }, "a")
            .Role()
            .ApiKey(_ => new { anonymous = true })
            .CreateAsync();
        var door = await servers.AnonymousAsync(engine);
        var answer = await door.GetAsync(Path(made, "&as=jwt"), headers: Key(made.ApiKey.Secret)).Expect(200);
        Assert.Equal(
            ["", "anonymous_api_key", made.ApiKey.Id, made.Application.Id, "", "", ""],
            Identity.Select(name => answer.Header($"X-Tokenry-{name}"))
        );
        Assert.Equal("", answer.Header("X-Tokenry-Jwt")); // nobody to speak for
        (await door.GetAsync(Path(made, "&scope=a"), headers: Key(made.ApiKey.Secret))).Expect(403, "insufficient_scope");
    }

    [Theory, BothEngines]
    public async Task Nothing_presented_is_challenged_without_an_error(Engine engine)
    {
        var (made, door) = await ArrangeAsync(engine);
        var answer = (await door.GetAsync(Path(made, "&scope=a"))).Expect(401, "credential_missing");
        Assert.Equal([ChallengeTests.Missing(door, made.Api.Id, "a")], answer.Headers["WWW-Authenticate"]);
    }

    [Theory, BothEngines]
    public async Task Every_reason_why_a_credential_is_not_good_is_the_same_answer(Engine engine)
    {
        var (made, door) = await ArrangeAsync(engine);
        var admin = await servers.AdminAsync(engine);
        var application = made.Application.Id;
        var revoked = await admin.CreateApiKeyAsync(application);
        await admin.DeleteAsync($"/v1/api-keys/{revoked.Id}").Expect(204);
        var disabled = await admin.CreateApiKeyAsync(application);
        await admin.PostAsync($"/v1/api-keys/{disabled.Id}/disable").Expect(200);
        var scheduled = await admin.CreateApiKeyAsync(application, new { not_before = In(3600) });
        var elsewhere = await admin.CreateApiKeyAsync(application, new { allowed_ips = new[] { "192.0.2.0/24" } });
        var other = await Scenario.On(admin).ApiKey().CreateAsync();
        var bodies = new HashSet<string>(StringComparer.Ordinal);
        foreach (
            var secret in new[]
            {
                "garbage",
                "",
                made.ApiKey.Secret[..^1],
                revoked.Secret,
                disabled.Secret,
                scheduled.Secret,
                elsewhere.Secret,
                other.ApiKey.Secret, // wrong_api
                new string('x', 9000),
                "eyJhbGciOiJub25lIn0.e30.",
            }
        )
        {
            var answer = (await door.GetAsync(Path(made), headers: Bearer(secret))).Expect(401, "invalid_token");
            Assert.Equal([ChallengeTests.Refused(door, made.Api.Id)], answer.Headers["WWW-Authenticate"]);
            Assert.All(Identity, name => Assert.Null(answer.Header($"X-Tokenry-{name}")));
            bodies.Add(answer.Body.Replace(answer.Text("request_id"), "", StringComparison.Ordinal));
        }

        Assert.Single(bodies);
    }

    [Theory, BothEngines]
    public async Task Too_little_names_the_scopes_that_are_needed(Engine engine)
    {
        var (made, door) = await ArrangeAsync(engine);
        var answer = (await door.GetAsync(Path(made, "&scope=a%20c&scope=d"), headers: Key(made.ApiKey.Secret))).Expect(
            403,
            "insufficient_scope"
        );
        Assert.Equal(["c", "d"], Strings(answer.Json.GetProperty("missing_scopes")));
        Assert.Equal([ChallengeTests.Insufficient(door, "a c d", made.Api.Id)], answer.Headers["WWW-Authenticate"]);
    }

    [Theory]
    [BothEngines("", "api")]
    [BothEngines("?scope=a", "api")]
    [BothEngines("?api=", "api")]
    [BothEngines("?api=x&api=y", "api")]
    [BothEngines("?api=https://no.such.api", "api")]
    [BothEngines("?api=API&scope=", "scope")] // a variable of the proxy that is not set must not open the door
    [BothEngines("?api=API&object=", "object")]
    [BothEngines("?api=API&object=repo", "object")]
    [BothEngines("?api=API&object=repo:a&object=repo:b", "object")]
    [BothEngines("?api=API&scope=a%20%20b", "scope")]
    [BothEngines("?api=API&scope=%22", "scope")]
    [BothEngines("?api=API&scopes=a", "scopes")]
    [BothEngines("?api=API&as=saml", "as")]
    public async Task A_requirement_that_is_not_one_opens_nothing(Engine engine, string query, string fault)
    {
        var (made, door) = await ArrangeAsync(engine);
        var path = "/v1/forward-auth" + query.Replace("API", made.Api.Identifier, StringComparison.Ordinal);
        await door.GetAsync(path, headers: Key(made.ApiKey.Secret)).ExpectFaultAsync(fault);
    }

    [Theory, BothEngines]
    public async Task Headers_of_the_client_never_are_a_requirement_nor_lift_one(Engine engine)
    {
        var (made, door) = await ArrangeAsync(engine);
        foreach (var header in new[] { "X-Forwarded-Uri", "X-Original-URI", "X-Original-URL", "X-Tokenry-Scopes", "X-Scope" })
        {
            var headers = Key(made.ApiKey.Secret);
            headers[header] = "/v1/forward-auth?api=x&scope=a";
            (await door.GetAsync(Path(made, "&scope=c"), headers: headers)).Expect(403, "insufficient_scope");
        }
    }

    [Theory, BothEngines]
    public async Task Any_method_asks(Engine engine)
    {
        var (made, door) = await ArrangeAsync(engine);
        foreach (var method in new[] { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND" })
        {
            Assert.Equal(200, (await door.SendAsync(new HttpMethod(method), Path(made), headers: Key(made.ApiKey.Secret))).Status);
            Assert.Equal(401, (await door.SendAsync(new HttpMethod(method), Path(made))).Status);
        }
    }

    [Theory, BothEngines]
    public async Task A_JWT_for_the_upstream_lives_a_minute_and_is_good_at_our_doors_as_long_as_its_credential(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role().User().PersonalAccessToken().CreateAsync();
        var door = await servers.AnonymousAsync(engine);
        var answer = await door.GetAsync(Path(made, "&as=jwt"), headers: Bearer(made.PersonalAccessToken.Secret)).Expect(200);
        var jwt = answer.Header("X-Tokenry-Jwt")!;
        var seen = await admin.VerifyAsync(jwt, made.Api.Identifier, ["a"]).Expect(200);
        Assert.Equal("valid", seen.Text("code"));
        Assert.Equal(made.User.Id, seen.Text("subject"));
        Assert.Equal(made.PersonalAccessToken.Id, seen.Text("credential_id"));
        Assert.InRange((seen.Time("expires_at") - DateTimeOffset.UtcNow).TotalSeconds, 40, 60);
        await admin.DeleteAsync($"/v1/tokens/{made.PersonalAccessToken.Id}").Expect(204);
        Assert.Equal("revoked", await admin.CodeAsync(jwt, made.Api.Identifier));
    }

    /// <summary>Found by review: a JWT for the upstream, brought to the door, bought the next one, past the end of what it was made from.</summary>
    [Theory, BothEngines]
    public async Task Nothing_renews_itself_at_the_door(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a").Role().User().PersonalAccessToken(_ => new { expires_at = In(20) }).CreateAsync();
        var door = await servers.AnonymousAsync(engine);
        var first = await door.GetAsync(Path(made, "&as=jwt"), headers: Bearer(made.PersonalAccessToken.Secret)).Expect(200);
        var jwt = first.Header("X-Tokenry-Jwt")!;
        var seen = await admin.VerifyAsync(jwt, made.Api.Identifier).Expect(200);
        Assert.True(seen.Time("expires_at") <= made.PersonalAccessToken.Response.Time("expires_at"), "it outlives its credential");
        var again = await door.GetAsync(Path(made, "&as=jwt"), headers: Bearer(jwt)).Expect(200);
        Assert.Equal(jwt, again.Header("X-Tokenry-Jwt"));
        await door.GetAsync("/v1/forward-auth?api=urn:tokenry:management&as=jwt", headers: Bearer(admin.Bearer!)).ExpectFaultAsync("api");
        // It is a token like any other in the records.
        await EventuallyAsync(
            async () =>
                (await admin.GetAsync($"/v1/usage?code=issued&credential={made.PersonalAccessToken.Id}").Expect(200))
                    .Json.GetProperty("items")
                    .GetArrayLength() == 1,
            "issued"
        );
    }

    [Theory, BothEngines]
    public async Task An_object_limited_credential_gets_a_JWT_only_where_objects_may_stand_in_tokens(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var door = await servers.AnonymousAsync(engine);
        foreach (var allowed in new[] { true, false })
        {
            var made = await Scenario
                .On(admin)
                .Api(_ => new { object_types = new[] { "repo" }, objects_in_tokens = allowed }, "a")
                .Role()
                .ApiKey(_ => new { objects = new[] { "repo:acme/*" } })
                .CreateAsync();
            var answer = await door.GetAsync(Path(made, "&as=jwt"), headers: Key(made.ApiKey.Secret)).Expect(200);
            var jwt = answer.Header("X-Tokenry-Jwt")!;
            Assert.Equal(allowed, jwt.Length > 0);
            if (allowed)
            {
                Assert.Equal("valid", await admin.CodeAsync(jwt, made.Api.Identifier, @object: "repo:acme/web"));
                Assert.Equal("object_not_allowed", await admin.CodeAsync(jwt, made.Api.Identifier, @object: "repo:else/web"));
            }
        }
    }

    private async Task<(Created Made, ApiClient Door)> ArrangeAsync(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b", "c").Role("a", "b").ApiKey().CreateAsync();
        return (made, await servers.AnonymousAsync(engine));
    }

    internal static string Path(Created made, string rest = "") => $"/v1/forward-auth?api={made.Api.Identifier}{rest}";

    internal static Dictionary<string, string> Key(string secret) => new(StringComparer.OrdinalIgnoreCase) { ["X-API-Key"] = secret };

    internal static Dictionary<string, string> Bearer(string secret) =>
        new(StringComparer.OrdinalIgnoreCase) { ["Authorization"] = $"Bearer {secret}" };

    internal static Dictionary<string, string> Basic(string user, string password) =>
        new(StringComparer.OrdinalIgnoreCase)
        {
            ["Authorization"] = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")),
        };
}
