using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;
using Dapper;
using Microsoft.AspNetCore.Routing;
using Microsoft.Data.Sqlite;
using Npgsql;
using SQLitePCL;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Tests.Contracts;

/// <summary>A.9 (b): every statement of every list goes by an index, with each of its filters, for an administrator and for an owner of one's own.</summary>
public sealed partial class ListPlansTests
{
    /// <summary>Those that grow with use; the others grow with what an administrator writes.</summary>
    private static readonly string[] Large =
    [
        "usage_counters",
        "access_log",
        "audit_events",
        "credentials",
        "principals",
        "credential_networks",
    ];

    /// <summary>Index by list and filter, where one is better than walking the list in its order.</summary>
    private static readonly (string Call, string Index)[] Expected =
    [
        ("/v1/usage?credential", "usage_counters_credential_id"),
        ("/v1/usage?subject", "usage_counters_subject"),
        ("/v1/usage as owner", "usage_counters_subject"),
        ("/v1/access-log?credential", "access_log_credential_id"),
        ("/v1/access-log?subject", "access_log_subject"),
        ("/v1/access-log as owner", "access_log_subject"),
        ("/v1/audit?actor", "audit_events_actor"),
        ("/v1/audit?target", "audit_events_target_id"),
        ("/v1/audit?action", "audit_events_action"),
        ("/v1/access-log?result", "access_log_refused"),
        ("/v1/credentials?weakness", "credentials_following_owner"),
        ("/v1/credentials?due_before", "credentials_due_at"),
        ("/v1/credentials?owner", "credentials_owner_id"),
        ("/v1/credentials as owner", "credentials_owner_id"),
        ("/v1/usage in organization", "usage_counters_credential_id"),
        ("/v1/access-log in organization", "credentials_organization_id"),
        ("/v1/audit in organization", "audit_events_organization_id"),
        ("/v1/audit?organization", "audit_events_organization_id"),
        ("/v1/credentials in organization", "credentials_organization_id"),
        ("/v1/credentials?organization", "credentials_organization_id"),
        ("/v1/applications in organization", "principals_organization_id"),
        ("/v1/applications?organization", "principals_organization_id"),
    ];

    [Theory, BothEngines]
    public async Task Every_statement_of_every_list_goes_by_an_index(Engine engine)
    {
        var plans = await PlansAsync(engine);
        Assert.NotEmpty(plans);
        var walked = plans.SelectMany(plan => plan.Value.Where(IsWalk).Select(line => $"{plan.Key}: {line}")).ToList();
        Assert.True(walked.Count == 0, string.Join('\n', walked));
        if (engine == Engine.Sqlite)
        {
            Assert.All(
                Expected,
                expected =>
                    Assert.True(
                        plans[expected.Call].Any(line => line.Contains(expected.Index, StringComparison.Ordinal)),
                        $"{expected.Call} does not go by {expected.Index}: {string.Join(" | ", plans[expected.Call])}"
                    )
            );
        }
    }

    /// <summary>SQLite: <c>SCAN t</c> without an index. PostgreSQL, told to avoid it where it can: <c>Seq Scan on t</c>.</summary>
    private static bool IsWalk(string line) =>
        Large.Any(table => Regex.IsMatch(line, $@"^SCAN {table}$|Seq Scan on {table}\b", RegexOptions.NonBacktracking));

    /// <summary>Lines of the plans by call.</summary>
    private static async Task<ConcurrentDictionary<string, List<string>>> PlansAsync(Engine engine)
    {
        await using var server = await InProcessServer.StartAsync(engine);
        var admin = server.Admin;
        var made = await Scenario.On(admin).Api().Role().Application().ApiKey().User(_ => new { password = (string?)null }).CreateAsync();
        var role = await admin.CreateRoleAsync([
            new { api = "urn:tokenry:management", scopes = new[] { "tokens:own", "applications:own" } },
        ]);
        await admin.PatchAsync($"/v1/users/{made.User.Id}", new { roles = new[] { role.Id } }).Expect(200);
        var own = await admin.CreatePersonalAccessTokenAsync(
            made.User.Id,
            new { permissions = new[] { new { api = "urn:tokenry:management", scopes = new[] { "tokens:own", "applications:own" } } } }
        );

        var organization = (await admin.PostAsync("/v1/organizations", new { name = "x" }).Expect(201)).Text("id");
        await admin
            .PostAsync(
                $"/v1/organizations/{organization}/members",
                new { member = made.User.Id, roles = new[] { "rol_0000000000000000000005" } }
            )
            .Expect(200);
        var review = (await admin.PostAsync("/v1/reports/reviews", new { organization }).Expect(201)).Text("id");
        string[] scopes = ["organization:read", "organization:credentials", "organization:audit", "tokens:own"];
        var there = await admin.CreatePersonalAccessTokenAsync(
            made.User.Id,
            new { organization_id = organization, permissions = new[] { new { api = "urn:tokenry:management", scopes } } }
        );

        var plans = new ConcurrentDictionary<string, List<string>>(StringComparer.Ordinal);
        var recorder = new Recorder();
        var database = server.Database;
        database.BeforeList = recorder.AttachAsync;
        foreach (var (path, filters) in Lists(server.App))
        {
            var route = path.Replace("{owner}", made.Application.Id, StringComparison.Ordinal)
                .Replace("{id}", made.ApiKey.Id, StringComparison.Ordinal);
            if (path.Contains("/users/", StringComparison.Ordinal))
                route = path.Replace("{owner}", made.User.Id, StringComparison.Ordinal)
                    .Replace("{id}", made.User.Id, StringComparison.Ordinal);
            if (path.Contains("/organizations/", StringComparison.Ordinal))
                route = path.Replace("{owner}", organization, StringComparison.Ordinal);
            if (path.Contains("/reviews/", StringComparison.Ordinal))
                route = path.Replace("{owner}", review, StringComparison.Ordinal);
            await CallAsync(path, admin, route, 200);
            foreach (var filter in filters.Where(filter => filter != "owner" || !path.Contains("{owner}", StringComparison.Ordinal)))
                await CallAsync(
                    $"{path}?{filter}",
                    admin,
                    $"{route}?{filter}={(filter == "organization" ? organization : Value(path, filter, made))}",
                    200,
                    400
                );
            await CallAsync($"{path} as owner", admin.With(own.Secret), route, 200, 403, 404);
            await CallAsync($"{path} in organization", admin.With(there.Secret), route, 200, 403, 404);
        }

        await server.App.StopAsync();
        return plans;

        async Task CallAsync(string name, ApiClient caller, string path, params int[] statuses)
        {
            recorder.Seen.Clear();
            var answer = await caller.GetAsync(path);
            Assert.True(statuses.Contains(answer.Status), $"{name} ({path}): {answer.Status} {answer.Body}");
            plans[name] = await recorder.PlansAsync(database);
        }
    }

    private static IEnumerable<(string Path, IReadOnlyList<string> Filters)> Lists(IEndpointRouteBuilder app) =>
        app
            .DataSources.SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<RouteFilters>() is not null)
            .Where(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains("GET"))
            .Select(endpoint => ("/" + endpoint.RoutePattern.RawText!.Trim('/'), endpoint.Metadata.GetMetadata<RouteFilters>()!.Names));

    private static string Value(string path, string filter, Created made) =>
        filter switch
        {
            "from" or "to" or "since" or "unused_since" or "expires_before" or "due_before" or "revoked_since" => Uri.EscapeDataString(
                DateTimeOffset.UtcNow.AddHours(-1).ToString("O", CultureInfo.InvariantCulture)
            ),
            "span" => "minute",
            "expires" => "never",
            "group" => "api",
            "kind" => path.EndsWith("/tokens", StringComparison.Ordinal) ? "personal_access_token"
            : path.Contains("secrets", StringComparison.Ordinal) ? "client_secret"
            : path.Contains("public-keys", StringComparison.Ordinal) ? "public_key"
            : path.Contains("certificates", StringComparison.Ordinal) ? "certificate"
            : path.Contains("federated", StringComparison.Ordinal) ? "federated_identity"
            : "api_key",
            "state" => path.EndsWith("/invitations", StringComparison.Ordinal) || path == "/v1/approvals" ? "pending" : "active",
            "email" => "nobody@example.com",
            "role" => "rol_000000000000000000000A",
            "owner" when path == "/v1/applications" => made.User.Id,
            "owner" or "subject" => made.Application.Id,
            "actor" => made.User.Id,
            "action" => "api_key.created",
            "result" => path == "/v1/audit" ? "success" : "unknown",
            "code" => "unknown",
            "door" => "verify",
            "weakness" => "permissions_follow_owner",
            "ip" => "10.0.0.1",
            "request" => "req_0000000000000000000001",
            "credential" or "target" => made.ApiKey.Id,
            "api" or "identifier" => made.Api.Identifier,
            _ => "x",
        };

    /// <summary>What the statements of lists are and how they are carried out.</summary>
    private sealed class Recorder
    {
        public ConcurrentQueue<string> Seen { get; } = new();

        public async Task AttachAsync(DbConnection connection)
        {
            if (connection is SqliteConnection sqlite)
            {
                raw.sqlite3_trace(sqlite.Handle, (_, statement) => Seen.Enqueue(statement), null);
                return;
            }

            await connection.ExecuteAsync(
                "LOAD 'auto_explain'; SET LOCAL auto_explain.log_min_duration = 0; SET LOCAL client_min_messages = log; SET LOCAL enable_seqscan = off"
            );
            ((NpgsqlConnection)connection).Notice += (_, notice) => Seen.Enqueue(notice.Notice.MessageText);
        }

        public async Task<List<string>> PlansAsync(Database database)
        {
            if (database.Dialect == Dialect.Postgres)
                return [.. Seen.SelectMany(text => text.Split('\n')).Select(line => line.Trim())];
            var lines = new List<string>();
            foreach (var statement in Seen.Where(statement => IsSelect().IsMatch(statement)))
            {
                var steps = await database.ReadAsync(connection =>
                    connection.QueryAsync<(long, long, long, string Detail)>("EXPLAIN QUERY PLAN " + statement)
                );
                lines.AddRange(steps.Select(step => step.Detail));
            }

            return lines;
        }
    }

    [GeneratedRegex(@"^\s*SELECT", RegexOptions.NonBacktracking)]
    private static partial Regex IsSelect();
}
