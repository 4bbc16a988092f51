using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Tests.Platform.Http;

namespace Tokenry.Server.Tests.Contracts;

/// <summary>Every route, called by those it is closed to: without a credential, without a right, with every kind of bad credential, by each carrier.</summary>
public sealed class AccessTests(SharedServers servers)
{
    private const string Realm = "Bearer realm=\"tokenry\"";

    [Theory, BothEngines]
    public async Task Without_a_credential_every_closed_route_answers_401_and_a_challenge(Engine engine)
    {
        var anonymous = await servers.AnonymousAsync(engine);
        foreach (var route in await ClosedAsync())
        {
            var answer = await Call.To(route, Target.Nobody).SendAsync(anonymous);
            Assert.True(answer.Status == 401, $"{route}: {answer.Status}");
            if (route.Access.Kind == RouteAuthentication.Client)
            {
                Assert.Equal("invalid_client", answer.Text("error"));
                Assert.StartsWith("Basic realm=", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
            }
            else
            {
                answer.Expect(401, "credential_missing");
                Assert.Equal(ChallengeTests.Missing(anonymous, scope: First(route)), answer.Header("WWW-Authenticate")); // RFC 6750 §3.1: no error where nothing was presented
                Assert.Equal("no-store", answer.Header("Cache-Control"));
            }
        }
    }

    [Theory, BothEngines]
    public async Task A_good_credential_without_the_scope_is_told_which_one_it_lacks(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        foreach (var route in await Route.OfCallersAsync())
        {
            var actor = await Actor.WithoutScopesAsync(admin);
            var answer = await Call.To(route, Target.Nobody).SendAsync(actor.Client);
            if (route.Needs.Count == 0)
            {
                Assert.True(answer.Status is >= 200 and < 300, $"{route}: {answer.Status}");
                continue;
            }

            Assert.True(answer.Status == 403, $"{route}: {answer.Status}");
            answer.Expect(403, "insufficient_scope");
            var missing = Assert.Single(answer.Json.GetProperty("missing_scopes").EnumerateArray().Select(scope => scope.GetString()!));
            Assert.Contains(missing, route.Needs);
            Assert.Equal(ChallengeTests.Insufficient(admin, missing), answer.Header("WWW-Authenticate"));
        }
    }

    [Theory, BothEngines]
    public async Task Introspection_by_a_credential_needs_its_scope(Engine engine)
    {
        var actor = await Actor.WithoutScopesAsync(await servers.AdminAsync(engine));
        var answer = (await actor.Client.FormAsync("/oauth/introspect", [("token", "tkr_key_garbage")])).Expect(403);
        Assert.Equal("insufficient_scope", answer.Text("error"));
        Assert.Contains("scope=\"introspect\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    [Theory, BothEngines]
    public async Task Every_bad_credential_gets_the_same_401_on_every_route(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var bad = await BadCredentialsAsync(admin);
        foreach (var route in await Route.OfCallersAsync())
        {
            var call = Call.To(route, Target.Nobody);
            string? first = null;
            foreach (var (what, credential) in bad)
            {
                var answer = await call.SendAsync(admin.With(credential));
                Assert.True(answer.Status == 401, $"{route}, {what}: {answer.Status}");
                answer.Expect(401, "invalid_token");
                Assert.Equal(ChallengeTests.Refused(admin, scope: First(route)), answer.Header("WWW-Authenticate"));
                var shown = WithoutRequestId(answer);
                Assert.True((first ??= shown) == shown, $"{route}, {what}: the answer tells it from the others\n{shown}");
            }
        }
    }

    /// <summary>GHSA-cc8w-r4qh-3v65: a scope that is checked for one carrier and forgotten for another.</summary>
    [Theory, BothEngines]
    public async Task Each_carrier_leads_to_the_same_decision(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var good = (await Actor.WithoutScopesAsync(admin)).Client.Bearer!;
        var application = await admin.CreateApplicationAsync([]);
        var key = (await admin.CreateApiKeyAsync(application.Id)).Secret;
        var revoked = (await BadCredentialsAsync(admin))["revoked"];
        foreach (var route in (await Route.OfCallersAsync()).Where(route => route.Needs.Count > 0))
        {
            foreach (var credential in new[] { good, key, revoked })
            {
                var call = Call.To(route, Target.Nobody);
                var answers = new List<ApiResponse>();
                foreach (var headers in Carriers(credential))
                {
                    answers.Add(await call.SendAsync(admin.With(null), headers));
                }

                Assert.All(
                    answers,
                    answer => Assert.True(answer.Status == (credential == revoked ? 401 : 403), $"{route}: {answer.Status}")
                );
                Assert.Single(answers.Select(WithoutRequestId).Distinct());
                Assert.Single(answers.Select(answer => answer.Header("WWW-Authenticate")).Distinct());
            }
        }
    }

    [Theory, BothEngines]
    public async Task Each_carrier_opens_what_the_credential_opens(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        foreach (var route in (await Route.OfCallersAsync()).Where(route => route is { Method: "GET", HasTarget: false }))
        {
            foreach (var headers in Carriers(admin.Bearer!))
            {
                var answer = await admin.With(null).GetAsync(route.Path, headers: headers);
                Assert.True(answer.Status == 200, $"{route} by {string.Join(' ', headers.Keys)}: {answer.Status}");
            }
        }
    }

    [Theory, BothEngines]
    public async Task Two_credentials_in_one_request_are_refused(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        foreach (var route in await Route.OfCallersAsync())
        {
            var headers = new Dictionary<string, string> { ["X-API-Key"] = admin.Bearer! };
            var answer = (await Call.To(route, Target.Nobody).SendAsync(admin, headers)).Expect(400, "invalid_request");
            Assert.Equal($"{Realm}, error=\"invalid_request\"", answer.Header("WWW-Authenticate"));
        }
    }

    [Theory, BothEngines]
    public async Task Basic_and_the_query_are_no_carriers_of_the_management_API(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var basic = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"x:{admin.Bearer}"));
        foreach (var route in await Route.OfCallersAsync())
        {
            var call = Call.To(route, Target.Nobody);
            (await call.SendAsync(admin.With(null), Header("Authorization", "Basic " + basic))).Expect(401, "invalid_token");
            (await (call with { Path = call.Path + "?access_token=" + admin.Bearer }).SendAsync(admin.With(null))).Expect(
                400,
                "invalid_request"
            );
        }
    }

    private static async Task<List<Route>> ClosedAsync() =>
        [.. (await Route.AllAsync()).Where(route => route.Access.Kind is RouteAuthentication.Caller or RouteAuthentication.Client)];

    private static Dictionary<string, string> Header(string name, string value) => new() { [name] = value };

    private static Dictionary<string, string>[] Carriers(string credential) =>
        [
            Header("Authorization", "Bearer " + credential),
            Header("Authorization", "bearer " + credential),
            Header("Authorization", "token " + credential),
            Header("X-API-Key", credential),
        ];

    private static async Task<Dictionary<string, string>> BadCredentialsAsync(ApiClient admin)
    {
        var made = await Scenario.On(admin).User(_ => new { password = (string?)null }).CreateAsync();
        var permissions = new[] { new { api = "urn:tokenry:management", scopes = new[] { "tokens:own" } } };
        var revoked = await TokenAsync(new { permissions });
        await admin.DeleteAsync($"/v1/tokens/{revoked.Id}").Expect(204);
        var disabled = await TokenAsync(new { permissions });
        await admin.PostAsync($"/v1/tokens/{disabled.Id}/disable").Expect(200);
        var superseded = await TokenAsync(new { permissions });
        await admin.PostAsync($"/v1/tokens/{superseded.Id}/rotate", new { overlap_seconds = 0 }).Expect(200);
        var scheduled = await TokenAsync(new { permissions, not_before = DateTimeOffset.UtcNow.AddHours(1).ToString("O") });
        var elsewhere = await TokenAsync(new { permissions, allowed_ips = new[] { "192.0.2.0/24" } });
        var good = await TokenAsync(new { permissions });
        var idle = await admin.CreateUserAsync([], new { password = (string?)null });
        var ofDisabled = await admin.CreatePersonalAccessTokenAsync(idle.Id, new { permissions });
        await admin.PostAsync($"/v1/users/{idle.Id}/disable").Expect(200);
        var client = await Scenario.On(admin).Api().Role().Application().ClientSecret().CreateAsync();
        var jwt = (
            await admin
                .With(null)
                .FormAsync("/oauth/token", [("grant_type", "client_credentials")], (client.Application.Id, client.ClientSecret.Secret))
                .Expect(200)
        ).Text("access_token");

        Assert.True(CredentialString.TryParse(good.Secret, out _));
        return new Dictionary<string, string>
        {
            ["revoked"] = revoked.Secret,
            ["disabled"] = disabled.Secret,
            ["superseded by rotation"] = superseded.Secret,
            ["not yet valid"] = scheduled.Secret,
            ["from an address it is not for"] = elsewhere.Secret,
            ["of a disabled owner"] = ofDisabled.Secret,
            ["another brand"] = CredentialString.Create("acme", "pat", 1).Reveal(),
            ["unknown id"] = CredentialString.Create("tkr", "pat", 1).Reveal(),
            ["a kind that opens nothing"] = client.ClientSecret.Secret,
            ["an access token for another API"] = jwt,
            ["an access token cut short"] = jwt[..^4],
            ["a typo"] = good.Secret[..^1] + (good.Secret[^1] == 'A' ? 'B' : 'A'),
            ["the public id"] = good.Id,
            ["garbage"] = "garbage",
            ["long garbage"] = new string('a', 4000),
        };

        Task<CreatedCredential> TokenAsync(object with) => admin.CreatePersonalAccessTokenAsync(made.User.Id, with);
    }

    private static string WithoutRequestId(ApiResponse answer) =>
        answer.Body.Replace(answer.Header("X-Request-Id")!, "req_…", StringComparison.Ordinal);

    private static string? First(Route route) => route.Needs is [var first, ..] ? first : null;
}
