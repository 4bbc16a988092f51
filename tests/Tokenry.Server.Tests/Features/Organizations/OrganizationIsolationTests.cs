using System.Text.RegularExpressions;
using static Tokenry.Server.Tests.Features.Organizations.OrganizationCalls;

namespace Tokenry.Server.Tests.Features.Organizations;

using Tokenry.Server.Tests.Contracts;
using Tokenry.Server.Tests.Features.Approvals;

/// <summary>
/// Two organizations. Every route, called by an administrator of the one about every thing of the other, answers exactly as about an id that nothing has, and
/// changes nothing.
/// </summary>
public sealed partial class OrganizationIsolationTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task Every_route_answers_about_the_other_organizations_things_as_about_unknown_ids(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var (one, other) = (await admin.OrganizationAsync(), await Other.ArrangeAsync(admin));
        var before = await other.SnapshotAsync();
        var faults = new List<string>();
        var compared = 0;
        foreach (var route in (await Route.OfCallersAsync()).Where(route => route.HasTarget))
        {
            var caller = (await admin.AdministratorAsync(one)).Client;
            foreach (var (id, owner) in other.Targets(route))
            {
                var unknown = await AnswerAsync(caller, route, new Target(Unknown(id), Unknown(owner)), []);
                var theirs = await AnswerAsync(caller, route, new Target(id, owner), [id, owner]);
                compared++;
                if (theirs != unknown || theirs[0] is '5' || theirs.StartsWith("20", StringComparison.Ordinal) && route.Method != "DELETE")
                {
                    faults.Add($"{route} about {id} of {owner}\n  {theirs}\n  unknown {unknown}");
                }
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.True(compared > 100, $"{compared} answers were compared");
        Assert.Equal(before, await other.SnapshotAsync());
    }

    [Theory, BothEngines]
    public async Task Every_filter_finds_the_other_organizations_things_as_little_as_unknown_ids(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var caller = (await admin.AdministratorAsync(await admin.OrganizationAsync())).Client;
        var other = await Other.ArrangeAsync(admin);
        string[] filters =
        [
            $"/v1/applications?owner={other.Member}",
            $"/v1/applications?organization={other.Id}",
            $"/v1/credentials?owner={other.Member}",
            $"/v1/credentials?owner={other.Application}",
            $"/v1/credentials?organization={other.Id}",
            $"/v1/approvals?organization={other.Id}",
            $"/v1/tokens?owner={other.Member}",
            $"/v1/api-keys?owner={other.Application}",
            $"/v1/usage?credential={other.Credentials["key"]}",
            $"/v1/usage?subject={other.Application}",
            $"/v1/access-log?credential={other.Credentials["pat"]}",
            $"/v1/access-log?subject={other.Member}",
            $"/v1/audit?target={other.Application}",
            $"/v1/audit?organization={other.Id}",
        ];
        foreach (var filter in filters)
        {
            var id = filter[(filter.IndexOf('=', StringComparison.Ordinal) + 1)..];
            var theirs = await caller.GetAsync(filter).Expect(200);
            Assert.Equal(
                (await caller.GetAsync(filter.Replace(id, Unknown(id), StringComparison.Ordinal)).Expect(200)).Body,
                theirs.Body.Replace(id, Unknown(id), StringComparison.Ordinal)
            );
            if (!filter.Contains("organization=", StringComparison.Ordinal))
                Assert.Equal(0, theirs.Json.GetProperty("items").GetArrayLength());
            Assert.DoesNotContain(other.Id, theirs.Body, StringComparison.Ordinal);
        }
    }

    [Theory, BothEngines]
    public async Task Every_body_that_names_the_other_organizations_things_is_answered_as_with_unknown_ids(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var one = await admin.OrganizationAsync();
        var administrator = await admin.AdministratorAsync(one);
        // Of both, so that membership alone opens nothing either.
        var other = await Other.ArrangeAsync(admin);
        await admin.JoinAsync(other.Id, administrator.Id, OrganizationMember).Expect(200);
        var application = await admin.ApplicationOfAsync(one);
        (string Path, Func<string, object> Body, string Id)[] requests =
        [
            ("/v1/applications", id => new { name = "x", organization_id = id }, other.Id),
            ("/v1/me/tokens", id => new { name = "x", organization_id = id }, other.Id),
            (
                "/v1/me/role-requests",
                id => new
                {
                    role = OrganizationDeveloper,
                    organization_id = id,
                    justification = "x",
                },
                other.Id
            ),
            ($"/v1/applications/{application.Id}/api-keys", id => new { name = "x", organization_id = id }, other.Id),
            ($"/v1/applications/{application.Id}/secrets", id => new { name = "x", organization_id = id }, other.Id),
            ($"/v1/organizations/{one}/members", id => new { member = id }, other.Member),
            ($"/v1/organizations/{one}/members", id => new { member = id }, other.Application),
            ($"/v1/applications/{application.Id}/transfer", id => new { owner = (string?)null, organization_id = id }, other.Id),
        ];
        var before = await other.SnapshotAsync();
        foreach (var (path, body, id) in requests)
        {
            var theirs = await administrator.Client.PostAsync(path, body(id));
            var unknown = await administrator.Client.PostAsync(path, body(Unknown(id)));
            Assert.True(theirs.Status is 400 or 403, $"{path}: {theirs.Status} {theirs.Body}");
            Assert.Equal(Shown(unknown, []), Shown(theirs, []));
        }

        Assert.Equal(before, await other.SnapshotAsync());
    }

    /// <summary>The same prefix, and an id that nothing has.</summary>
    [GeneratedRegex("\"last_used\":(?:null|\\{[^}]*\\})", RegexOptions.NonBacktracking)]
    private static partial Regex LastUse();

    private static string Unknown(string id) => Call.UnknownId(id.Split('_')[0]);

    private static async Task<string> AnswerAsync(ApiClient caller, Route route, Target target, string[] ids)
    {
        var call = Call.To(route, target);
        return Shown(await call.SendAsync(caller), ids);
    }

    private static string Shown(ApiResponse answer, string[] ids)
    {
        var headers = answer
            .Headers.Where(header => !header.Key.Equals("X-Request-Id", StringComparison.OrdinalIgnoreCase) && header.Key != "Date")
            .OrderBy(header => header.Key, StringComparer.Ordinal)
            .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}");
        var body = answer.Body.Replace(answer.Header("X-Request-Id")!, "req_…", StringComparison.Ordinal);
        foreach (var id in ids)
            body = body.Replace(id, Unknown(id), StringComparison.Ordinal);
        return $"{answer.Status} {body} [{string.Join("; ", headers)}]";
    }

    /// <summary>An organization with one of everything.</summary>
    private sealed record Other(
        ApiClient Admin,
        string Id,
        string Member,
        string Application,
        IReadOnlyDictionary<string, string> Credentials
    )
    {
        /// <summary>A token of the member that names the organization among others.</summary>
        public required string Shared { get; init; }

        public static async Task<Other> ArrangeAsync(ApiClient admin)
        {
            var id = await admin.OrganizationAsync();
            await admin.AdministratorAsync(id);
            var member = await admin.MemberAsync(id, [OrganizationDeveloper]);
            var application = await admin.ApplicationOfAsync(id);
            await admin.JoinAsync(id, application.Id, OrganizationMember).Expect(200);
            using var key = ClientKey.Make();
            using var issuer = new ForeignIssuer();
            var apiKey = (await admin.CreateApiKeyAsync(application.Id)).Id;
            var review = (await admin.PostAsync("/v1/reports/reviews", new { organization = id }).Expect(201)).Text("id");
            var line = (await admin.GetAsync($"/v1/reports/reviews/{review}").Expect(200)).Json.GetProperty("items")[0].GetProperty("id");
            return new Other(
                admin,
                id,
                member.Id,
                application.Id,
                new Dictionary<string, string>
                {
                    ["pat"] = member.Token.Id,
                    ["key"] = apiKey,
                    ["sec"] = (await admin.CreateClientSecretAsync(application.Id)).Id,
                    ["jwk"] = (await admin.CreatePublicKeyAsync(application.Id, key)).Text("id"),
                    ["crt"] = (await admin.CreateCertificateAsync(application.Id)).Text("id"),
                    ["fed"] = (await admin.CreateFederatedIdentityAsync(application.Id, issuer)).Text("id"),
                    ["ses"] = await Actor.SessionAsync(admin, member.Id),
                    ["ntc"] = await Actor.NoticeAsync(admin, member.Id),
                    ["inv"] = (await admin.PostAsync($"/v1/organizations/{id}/invitations", new { note = "Ada" }).Expect(201)).Text("id"),
                    ["rrq"] = await Actor.RoleRequestAsync(admin, member.Id, organization: id),
                    ["apr"] = (await admin.PendingKeyAsync(id)).Text("approval.id"),
                    ["rvw"] = review,
                    ["rvl"] = line.GetString()!,
                }
            )
            {
                Shared = await Actor.MemberTokenAsync(admin, member.Id, id),
            };
        }

        /// <summary>What can be named in the route's path: each credential where it takes all kinds, a principal of each type where it takes both.</summary>
        public IEnumerable<(string Id, string Owner)> Targets(Route route)
        {
            var owner = route.Path.StartsWith("/v1/organizations", StringComparison.Ordinal)
                ? Id
                : Call.OwnerPrefix(route.Path) switch
                {
                    "usr" => Member,
                    "rvw" => Credentials["rvw"],
                    _ => Application,
                };
            if (route.Path.StartsWith("/v1/credentials/{id}", StringComparison.Ordinal))
                return Credentials.Values.Select(id => (id, owner));
            if (route.Path.StartsWith("/v1/organizations/{owner}/tokens", StringComparison.Ordinal))
                return [(Shared, owner)];
            if (route.Path.Contains("/members", StringComparison.Ordinal))
                return [(Member, owner), (Application, owner)];
            return
            [
                (
                    Call.Prefix(route.Path) switch
                    {
                        "usr" => Member,
                        "app" => Application,
                        "org" => Id,
                        "rol" or "res" => Call.UnknownId(Call.Prefix(route.Path)), // of the whole server
                        var kind => Credentials[kind],
                    },
                    owner
                ),
            ];
        }

        public async Task<string> SnapshotAsync()
        {
            string[] paths =
            [
                $"/v1/organizations/{Id}",
                $"/v1/users/{Member}",
                $"/v1/applications/{Application}",
                $"/v1/credentials?organization={Id}",
            ];
            var members = (await Admin.GetAsync($"/v1/organizations/{Id}/members").Expect(200)).Json.GetProperty("items").EnumerateArray();
            var shown = new List<string> { string.Join(' ', members.Where(member => member.GetProperty("id").GetString() == Member)) };
            foreach (var path in paths)
                shown.Add((await Admin.GetAsync(path).Expect(200)).Body);
            return LastUse().Replace(string.Join('\n', shown), ""); // written a moment after a use
        }
    }
}
