namespace Tokenry.Server.Tests.Contracts;

/// <summary>C.2: every route whose change gives rights to credentials that exist, or takes them, knows <c>dry_run</c>.</summary>
[Collection(Core.Access.AloneCollection.Name)]
public sealed class DryRunRoutesTests(SharedServers servers)
{
    private static readonly string[] Nouns = ["/v1/roles", "/v1/api-resources", "/v1/users", "/v1/applications", "/v1/organizations"];

    /// <summary>Gives the role that a user asked for.</summary>
    private const string Approve = "/v1/approvals/{id}/approve";

    /// <summary>
    /// What is new has no credential yet; revoking ends credentials, whose owners' rights stay; rights in an organization count as if it were enabled; a policy
    /// takes no rights.
    /// </summary>
    private static readonly string[] ChangeNoRights =
    [
        "POST /v1/users",
        "POST /v1/applications",
        "POST /v1/api-resources",
        "POST /v1/users/{id}/revoke-all",
        "POST /v1/applications/{id}/revoke-all",
        "DELETE /v1/users/{id}/sessions",
        "DELETE /v1/users/{id}/second-factor",
        "DELETE /v1/users/{id}/passkeys",
        "POST /v1/users/{id}/linked-accounts",
        "DELETE /v1/users/{id}/linked-accounts",
        "POST /v1/users/{id}/sign-in-links",
        "POST /v1/organizations",
        "PATCH /v1/organizations/{id}",
        "DELETE /v1/organizations/{id}",
        "PATCH /v1/organizations/{id}/policy",
        "POST /v1/organizations/{id}/policy/preview",
        "POST /v1/organizations/{id}/enable",
        "POST /v1/organizations/{id}/disable",
    ];

    [Fact]
    public async Task C2_every_route_that_changes_rights_knows_dry_run()
    {
        var changing = (await Route.AllAsync())
            .Where(route =>
                route.Method != "GET"
                && route.Method != "HEAD"
                && (!route.Path.Contains("{owner}", StringComparison.Ordinal) || IsOfMembers(route))
            )
            .Where(route =>
                route.Path == Approve
                || Nouns.Any(noun => route.Path == noun || route.Path.StartsWith(noun + "/", StringComparison.Ordinal))
            )
            .Select(route => route.ToString())
            .Except(ChangeNoRights);
        Assert.Equal(changing, (await Route.AllAsync()).Where(route => route.ChangesRights).Select(route => route.ToString()));
    }

    [Theory, BothEngines]
    public async Task C2_a_dry_run_answers_and_changes_nothing(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        foreach (var route in (await Route.AllAsync()).Where(route => route.ChangesRights))
        {
            var target = await TargetAsync(route, admin);
            var call = Call.To(route, target);
            var path = call.Path.Replace("/transfer", "", StringComparison.Ordinal).Replace("/approve", "", StringComparison.Ordinal);
            path = IsOfMembers(route) ? path[..(path.IndexOf("/members", StringComparison.Ordinal) + "/members".Length)] : path;
            path = path.Replace("/enable", "", StringComparison.Ordinal).Replace("/disable", "", StringComparison.Ordinal);
            var before = await StateAsync();
            var answer = await (call with { Path = call.Path + "?dry_run=true" }).SendAsync(admin);
            Assert.True(answer.Status == 200, $"{route}: {answer.Status} {answer.Body}");
            Assert.True(answer.Json.GetProperty("gains").GetProperty("count").GetInt64() >= 0, route.ToString());
            Assert.True(answer.Json.GetProperty("loses").GetProperty("items").GetArrayLength() >= 0, route.ToString());
            Assert.Equal(before, await StateAsync());
            (await (call with { Path = call.Path + "?dry_run=maybe" }).SendAsync(admin)).Expect(400, "invalid_request");
            (await call.SendAsync(admin, new Dictionary<string, string> { ["Tokenry-Expect-Gains"] = "-1" })).Expect(
                400,
                "invalid_request"
            );
            Assert.Equal(before, await StateAsync());

            // What a route would make is known by its name: other tests make things at the same time.
            async Task<string> StateAsync() =>
                route.HasTarget
                    ? (await admin.GetAsync(path).Expect(200)).Body
                    : $"{await CountAsync(admin, path, (string)call.Body!.GetType().GetProperty("name")!.GetValue(call.Body)!)} of the name";
        }
    }

    private static bool IsOfMembers(Route route) => route.Path.Contains("/members", StringComparison.Ordinal);

    private static async Task<int> CountAsync(ApiClient admin, string list, string name)
    {
        var count = 0;
        for (string? cursor = ""; cursor is not null; )
        {
            var page = await admin.GetAsync($"{list}?limit=200{(cursor.Length > 0 ? "&cursor=" + cursor : "")}").Expect(200);
            count += page.Json.GetProperty("items").EnumerateArray().Count(item => item.GetProperty("name").GetString() == name);
            cursor = page.Json.GetProperty("next_cursor").GetString();
        }

        return count;
    }

    private static async Task<Target> TargetAsync(Route route, ApiClient admin) =>
        !route.HasTarget ? Target.Nobody
        : route.Path.StartsWith("/v1/roles", StringComparison.Ordinal) ? new Target((await admin.CreateRoleAsync([])).Id)
        : route.Path.StartsWith("/v1/api-resources", StringComparison.Ordinal) ? new Target((await admin.CreateApiAsync(["a"])).Id)
        : await Actor.ForeignAsync(route, admin);
}
