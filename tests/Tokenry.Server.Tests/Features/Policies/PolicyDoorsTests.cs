using System.Reflection;
using Microsoft.AspNetCore.Http;
using Tokenry.Protocol.Api;
using Tokenry.Server.Tests.Contracts;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Policies;

/// <summary>
/// All kinds × all doors × all rules: whatever makes a credential or lets it live longer is bound. A new kind, and a new route that changes something, must be
/// put into these tables.
/// </summary>
public sealed class PolicyDoorsTests(CertificateServers servers)
{
    /// <summary>The kinds in a collection, by its name in the path.</summary>
    private static readonly (string Name, string[] Kinds)[] Collections =
    [
        ("api-keys", ["api_key", "anonymous_api_key"]),
        ("secrets", ["client_secret"]),
        ("public-keys", ["public_key"]),
        ("certificates", ["certificate"]),
        ("federated-identities", ["federated_identity"]),
        ("tokens", ["personal_access_token"]),
    ];

    private static readonly string[] OfApplications = [.. PolicyCalls.Kinds.Where(kind => kind != "personal_access_token")];

    /// <summary>Doors outside of the collections.</summary>
    private static readonly Dictionary<string, string[]> Others = new(StringComparer.Ordinal)
    {
        ["POST /v1/me/credential/rotate"] = ["personal_access_token", "api_key"],
        ["POST /oauth/renew"] = ["client_secret", "public_key", "certificate"],
        ["POST /v1/applications/{id}/transfer"] = OfApplications,
    };

    /// <summary>Routes that change something, but make no credential and let none live longer. Pages are not here: they call the operations of the doors.</summary>
    private static readonly string[] MakeNone =
    [
        "POST /oauth/introspect",
        "POST /oauth/token",
        "POST /v1/api-keys/{id}/reveal", // refused by a rule of its own
        "POST /v1/api-resources",
        "PATCH /v1/api-resources/{id}",
        "POST /v1/approvals/{id}/approve", // refused by the rules for new ones (ApprovalsTests)
        "POST /v1/approvals/{id}/deny",
        "POST /v1/applications",
        "PATCH /v1/applications/{id}",
        "POST /v1/applications/{id}/enable",
        "PUT /v1/applications/{id}/object-roles",
        "POST /v1/applications/{id}/revoke-all",
        "POST /v1/credentials/bulk/rotate", // each by the operation on one
        "POST /v1/credentials/leaks",
        "ANY /v1/forward-auth",
        "POST /v1/me/calendar",
        "POST /v1/me/role-requests",
        "POST /v1/organizations",
        "PATCH /v1/organizations/{id}",
        "POST /v1/organizations/{id}/enable",
        "PATCH /v1/organizations/{id}/policy",
        "POST /v1/organizations/{id}/policy/preview",
        "POST /v1/organizations/{owner}/invitations",
        "POST /v1/organizations/{owner}/members",
        "PUT /v1/organizations/{owner}/members/{id}",
        "PUT /v1/organizations/{owner}/members/{id}/object-roles",
        "PATCH /v1/policy",
        "POST /v1/policy/preview",
        "POST /v1/reports/reviews",
        "POST /v1/reports/reviews/{owner}/lines/{id}/keep",
        "POST /v1/roles",
        "PATCH /v1/roles/{id}",
        "POST /v1/signing-keys/rotate",
        "POST /v1/signing-keys/{id}/taint",
        "POST /v1/users",
        "PATCH /v1/users/{id}",
        "POST /v1/users/{id}/enable",
        "PUT /v1/users/{id}/object-roles",
        "POST /v1/users/{id}/revoke-all",
        "POST /v1/users/{id}/linked-accounts",
        "POST /v1/users/{id}/sign-in-links",
        "POST /v1/verify",
        "POST /v1/verify/batch",
    ];

    private static readonly string[] Ending = ["/disable", "/revoke", "/end-overlap"];

    /// <summary>What ends or replaces the credentials of the others comes after them.</summary>
    private static readonly string[] Last = ["renew", "rotate", "enable"];

    [Fact]
    public void Every_kind_is_in_the_tables()
    {
        var kinds = typeof(CredentialKind)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (string)field.GetRawConstantValue()!)
            .Where(kind => kind != CredentialKind.AccessToken) // lives for minutes, and ends with what bought it
            .Order(StringComparer.Ordinal);
        Assert.Equal(kinds, PolicyCalls.Kinds.Order(StringComparer.Ordinal));
        Assert.Equal(kinds, Collections.SelectMany(collection => collection.Kinds).Order(StringComparer.Ordinal));
        Assert.Equal(kinds, Server.Core.Credentials.CredentialPolicies.Kinds.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_route_that_changes_something_is_in_the_tables()
    {
        var changing = (await Route.AllAsync())
            .Where(route => !HttpMethods.IsGet(route.Method) && !HttpMethods.IsHead(route.Method) && !HttpMethods.IsDelete(route.Method))
            .Where(route => IsOfTheApi(route) && !Ending.Any(ending => route.Path.EndsWith(ending, StringComparison.Ordinal)))
            .ToList();
        Assert.Empty(changing.Where(route => Doors(route).Count == 0).Select(route => route.ToString()).Except(MakeNone));
        Assert.Empty(MakeNone.Except(changing.Select(route => route.ToString())));
        Assert.Empty(changing.Where(route => Doors(route).Count > 0).Select(route => route.ToString()).Intersect(MakeNone));
    }

    [Theory, BothEngines]
    public async Task No_door_makes_or_prolongs_what_breaks_a_rule_and_no_check_refuses_it(Engine engine)
    {
        var server = await servers.GetAsync(engine);
        await using var world = await PolicyWorld.MakeAsync(server);
        var doors = (await Route.AllAsync()).SelectMany(Doors).ToList();
        // Each kind is made, revised and enabled, and renewed by whoever holds it; of another issuer's identity there is nothing to renew.
        Assert.All(
            PolicyCalls.Kinds,
            kind =>
                Assert.Equal(
                    kind == "federated_identity" ? 3 : 4,
                    doors.Where(door => door.Kind == kind && door.Act != "transfer").Select(door => Sort(door.Act)).Distinct().Count()
                )
        );
        var (faults, tried) = (new List<string>(), 0);
        foreach (var rule in PolicyWorld.Rules)
        {
            await server.Admin.ClearPolicyAsync(world.Organization);
            await server.Admin.SetPolicyAsync(world.Organization, rule.Policy).Expect(200);
            foreach (var door in doors)
            {
                var answer = await world.TryAsync(door, rule);
                tried++;
                // A request that cannot say an end gets the latest.
                var isFilled = door.Act == "quick" && rule.Name == "max_lifetimes";
                if (
                    isFilled
                        ? answer.Status != 201 || answer.Time("expires_at") > DateTimeOffset.UtcNow.AddHours(1)
                        : !world.IsRefusal(answer, rule)
                )
                    faults.Add($"{rule.Name}, {door.Kind} at {door.Route}: {answer.Status} {answer.Body}");
            }

            faults.AddRange(await world.RefusedChecksAsync());
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.True(tried > 100, $"{tried} tried");

        // Without the policy the same requests are taken: nothing else refused them.
        await server.Admin.ClearPolicyAsync(world.Organization);
        foreach (var door in doors.DistinctBy(door => (door.Kind, door.Act)).OrderBy(door => Array.IndexOf(Last, door.Act)))
        {
            var answer = await world.TryAsync(door, PolicyWorld.Rules[0]);
            Assert.True(answer.Status is 200 or 201, $"{door.Kind} at {door.Route}: {answer.Status} {answer.Body}");
        }
    }

    private static bool IsOfTheApi(Route route) =>
        route.Path.StartsWith("/v1/", StringComparison.Ordinal) || route.Path.StartsWith("/oauth/", StringComparison.Ordinal);

    private static string Sort(string act) =>
        act switch
        {
            "quick" => "create",
            "renew" => "rotate",
            _ => act,
        };

    /// <summary>What a route does to credentials, for each kind that it takes; empty if it makes none and lets none live longer.</summary>
    private static IReadOnlyList<PolicyDoor> Doors(Route route)
    {
        var name = route.ToString();
        if (Others.TryGetValue(name, out var kinds))
            return [.. kinds.Select(kind => new PolicyDoor(route, kind, route.Path[(route.Path.LastIndexOf('/') + 1)..]))];
        if (name == "POST /v1/api-keys")
            return [new PolicyDoor(route, "api_key", "quick")];
        var collection = Array.Find(Collections, one => route.Path.Contains($"/{one.Name}", StringComparison.Ordinal));
        if (collection.Kinds is null || !route.Path.StartsWith("/v1/", StringComparison.Ordinal))
            return [];
        var act =
            route.Method == "PATCH" ? "revise"
            : route.Method != "POST" ? null
            : route.Path.EndsWith(collection.Name, StringComparison.Ordinal) ? "create"
            : route.Path.EndsWith("/rotate", StringComparison.Ordinal) ? "rotate"
            : route.Path.EndsWith("/enable", StringComparison.Ordinal) ? "enable"
            : null;
        return act is null ? [] : [.. collection.Kinds.Select(kind => new PolicyDoor(route, kind, act))];
    }
}
