using System.Text.Json;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Contracts;

using Tokenry.Server.Tests.Features.Roles;

/// <summary>What each action of the audit says of the change: every route that changes something is called, and what it left in the trail is looked at.</summary>
public sealed class AuditedChangesTests
{
    /// <summary>Actions without <c>changes</c>, and why.</summary>
    private static readonly Dictionary<string, string> Without = new(StringComparer.Ordinal)
    {
        ["api_key.revoked"] = "the action is the change, and the record stays with all it was",
        ["personal_access_token.revoked"] = "likewise",
        ["client_secret.revoked"] = "likewise",
        ["public_key.revoked"] = "likewise",
        ["certificate.revoked"] = "likewise",
        ["federated_identity.revoked"] = "likewise",
        ["user.credentials_revoked"] = "an event of each credential says which",
        ["application.credentials_revoked"] = "likewise",
        ["credential.descendants_revoked"] = "likewise",
        ["api_key.revealed"] = "nothing changes but who knows the secret",
        ["notices.dismissed"] = "the trail keeps what the notices said",
        ["session.ended"] = "the action is the change",
        ["user.sessions_ended"] = "says in its reason how many",
        ["sign_in_link.created"] = "the link is a secret, and a record has none",
        ["signing_key.created"] = "the action names the state, and a key has no rights",
        ["signing_key.activated"] = "likewise",
        ["signing_key.retired"] = "likewise",
        ["signing_key.rotated"] = "likewise",
        ["signing_key.tainted"] = "likewise",
        ["api_resource.deleted"] = "says in its reason from what it was taken, with an event of each",
    };

    [Theory, BothEngines]
    public async Task Every_action_says_what_changed_or_is_listed_with_the_reason_why_not(Engine engine)
    {
        await using var server = await ServerProcess.StartAsync(engine);
        var admin = await server.AdminAsync();
        var api = await admin.CreateApiAsync(["invoices:read"]);
        var faults = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (
            var route in (await Route.OfCallersAsync()).Where(route =>
                route.Method != "GET"
                && !route.Path.StartsWith("/v1/verify", StringComparison.Ordinal)
                && !route.Path.EndsWith("/policy/preview", StringComparison.Ordinal)
            )
        )
        {
            var (caller, call) = await ArrangeAsync(route, admin, api.Identifier);
            var answer = await call.SendAsync(caller);
            if (answer.Status is < 200 or >= 300)
            {
                faults.Add($"{route}: {answer.Status} {answer.Body}");
                continue;
            }

            var events = (await admin.GetAsync("/v1/audit?limit=100&result=success").Expect(200))
                .Json.GetProperty("items")
                .EnumerateArray()
                .Where(row => row.GetProperty("request_id").GetString() == answer.Header("X-Request-Id"))
                .ToList();
            if (events.Count == 0)
                faults.Add($"{route}: no event");
            foreach (var row in events)
            {
                var action = row.GetProperty("action").GetString()!;
                seen.Add(action);
                // A new secret alone changes nothing that a record shows.
                var isSecretOnly = route.Path.EndsWith("/bulk/rotate", StringComparison.Ordinal);
                if (row.GetProperty("changes").ValueKind == JsonValueKind.Null && !isSecretOnly && !Without.ContainsKey(action))
                    faults.Add($"{route}: {action} has no changes");
            }
        }

        faults.AddRange(Without.Keys.Except(seen).Select(action => $"{action} is listed and did not come"));
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    /// <summary>A call that changes something, of somebody else's where that can be.</summary>
    private static async Task<(ApiClient Caller, Call Call)> ArrangeAsync(Route route, ApiClient admin, string api)
    {
        if (route.Path.StartsWith("/v1/me/", StringComparison.Ordinal))
        {
            var person = await Actor.CreateAsync(admin, [Administrator], ["tokens:own"]);
            if (route.Path.StartsWith("/v1/me/sessions", StringComparison.Ordinal))
            {
                var session = await person.OwnAsync(route with { Path = "/v1/me/sessions/{id}" }, admin);
                return (person.Client, Changing(route, api, session!));
            }

            if (route.Path.StartsWith("/v1/me/notices", StringComparison.Ordinal))
            {
                var notice = await Actor.NoticeAsync(admin, person.UserId);
                return (person.Client, Changing(route, api, new Target(notice, person.UserId)));
            }

            if (route.Path == "/v1/me/role-requests/{id}")
                return (person.Client, Changing(route, api, new Target(await Actor.RoleRequestAsync(admin, person.UserId), person.UserId)));
            if (route is { Method: "DELETE", Path: "/v1/me/calendar" })
                await person.Client.PostAsync(route.Path).Expect(200);
            var own = route.HasTarget ? (await admin.CreatePersonalAccessTokenAsync(person.UserId)).Id : "";
            return (person.Client, Changing(route, api, await Prepared(person.Client, new Target(own, person.UserId))));
        }

        if (route.Path.Contains("/bulk/", StringComparison.Ordinal))
            return (admin, Changing(route, api, new Target("", (await Scenario.On(admin).ApiKey().CreateAsync()).Application.Id)));

        return (admin, Changing(route, api, await Prepared(admin, route.HasTarget ? await TargetAsync(route, admin) : Target.Nobody)));

        async Task<Target> Prepared(ApiClient caller, Target target)
        {
            // To wake what is awake changes nothing.
            if (route.Path.EndsWith("/enable", StringComparison.Ordinal))
            {
                var pause = route with { Path = route.Path.Replace("/enable", "/disable", StringComparison.Ordinal) };
                (await Call.To(pause, target).SendAsync(caller)).Expect(200);
            }

            // Nor does an end of what does not run.
            if (route.Path.EndsWith("/end-overlap", StringComparison.Ordinal))
            {
                var roll = route with { Path = route.Path.Replace("/end-overlap", "/rotate", StringComparison.Ordinal) };
                (await Call.To(roll, target).SendAsync(caller)).Expect(200);
            }

            if (route.Path.EndsWith("/sessions", StringComparison.Ordinal))
                await admin.BrowserOfAsync(target.Id);
            if (route.Path.EndsWith("/second-factor", StringComparison.Ordinal))
                await (await admin.BrowserOfAsync(target.Id)).EnrolAsync();
            if (route.Path.EndsWith("/passkeys", StringComparison.Ordinal))
                (await admin.WithPasskeyAsync(target.Id)).Authenticator.Dispose();
            if (route is { Method: "DELETE" } && route.Path.EndsWith("/linked-accounts", StringComparison.Ordinal))
                (await Call.To(route with { Method = "POST" }, target).SendAsync(admin)).Expect(200);
            if (route.Path.EndsWith("/transfer", StringComparison.Ordinal))
                await admin.PostAsync($"/v1/applications/{target.Id}/transfer", new { owner = (await admin.PersonAsync()).Id }).Expect(200);
            if (route is { Method: "PUT" } && route.Path.EndsWith("/object-roles", StringComparison.Ordinal))
            {
                var world = await ObjectRolesWorld.ArrangeAsync(admin);
                var items = new[] { new { role = world.WriterId, objects = new[] { "base:a" } } };
                (await (Call.To(route, target) with { Body = new { items } }).SendAsync(admin)).Expect(200);
            }

            return target;
        }
    }

    private static async Task<Target> TargetAsync(Route route, ApiClient admin)
    {
        if (!route.Path.StartsWith("/v1/signing-keys/", StringComparison.Ordinal))
            return await Actor.ForeignAsync(route, admin);
        var keys = (await admin.GetAsync("/v1/signing-keys?state=active&algorithm=ES256").Expect(200)).Json.GetProperty("items");
        return new Target(keys[0].GetProperty("id").GetString()!);
    }

    private static Call Changing(Route route, string api, Target target)
    {
        var call = Call.To(route, target, api);
        return route.Path.EndsWith("/rotate", StringComparison.Ordinal)
            && !route.Path.StartsWith("/v1/signing-keys", StringComparison.Ordinal)
            && !route.Path.Contains("/bulk/", StringComparison.Ordinal)
                ? call with
                {
                    Body = new { overlap_seconds = 60, expires_at = In(3600) },
                }
            : route.Path == "/v1/signing-keys/rotate" ? call with { Body = new { algorithm = "ES256", immediately = true } }
            : route.Path.EndsWith("/descendants/revoke", StringComparison.Ordinal) ? call with { Body = new { reason = "test" } }
            : call;
    }
}
