using System.Collections.Concurrent;
using System.Text;

namespace Tokenry.Server.Tests.Contracts;

/// <summary>
/// permission-matrix.txt: who may do what, made by real calls. One line a route with a column a role, then a line for each scope the route
/// names, held alone. Where something can be one's own, the cell says own/other.
/// </summary>
public sealed class PermissionMatrixTests(SharedServers servers)
{
    private const int AtOnce = 8;
    private static readonly string[] Roles = ["anonymous", "member", "developer", "auditor", "administrator"];

    [Theory, BothEngines]
    public async Task Roles_and_scopes_open_what_permission_matrix_txt_says(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var roles = await Actor.BuiltInRolesAsync(admin);
        var ofScope = new Dictionary<string, string>();
        foreach (var scope in (await Route.AllAsync()).SelectMany(route => route.Needs).Distinct())
        {
            ofScope[scope] = (await admin.CreateRoleAsync([new { api = "urn:tokenry:management", scopes = new[] { scope } }])).Id;
        }

        var api = await admin.CreateApiAsync(["invoices:read"]);
        var routes = await Route.AllAsync();
        var rows = routes.SelectMany(route => Roles.Concat(route.Needs).Select(column => (route, column)));
        var cells = new ConcurrentDictionary<(Route Route, string Column), string>();
        await Parallel.ForEachAsync(
            rows,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (row, _) =>
                cells[row] = await CellAsync(
                    admin,
                    row.route,
                    api,
                    row.column == "anonymous"
                        ? () => Task.FromResult<Actor?>(null)
                        : async () =>
                            roles.TryGetValue(row.column, out var role)
                                ? await Actor.CreateAsync(admin, [role.Id], role.Scopes)
                                : await Actor.CreateAsync(admin, [ofScope[row.column]], [row.column])
                )
        );

        var text = new StringBuilder();
        text.Append(
            "- 401 · 4xx allowed, but not fit or not there · own/other where something can be one's own · 3xx a page that is closed without a session\n\n"
        );
        text.Append($"{"", -56}{string.Concat(Roles.Select(role => $"{role, -16}")).TrimEnd()}\n");
        foreach (var route in routes)
        {
            text.Append($"{route, -56}{string.Concat(Roles.Select(role => $"{cells[(route, role)], -16}")).TrimEnd()}\n");
            foreach (var scope in route.Needs)
            {
                text.Append($"{"    with " + scope + " alone", -56}{cells[(route, scope)]}\n");
            }
        }

        await GoldenFile.CompareAsync("permission-matrix.txt", text.ToString());
    }

    private static async Task<string> CellAsync(ApiClient admin, Route route, CreatedApi api, Func<Task<Actor?>> actor)
    {
        var someone = await actor();
        var client = someone?.Client ?? admin.With(null);
        var other = await Call.To(route, await Actor.ForeignAsync(route, admin), api.Identifier).SendAsync(client);
        if (someone is null || !route.HasTarget || await someone.OwnAsync(route, admin) is not { } target)
        {
            return Class(other);
        }

        var own = await Call.To(route, target, api.Identifier).SendAsync(client);
        return Class(own) == Class(other) ? Class(own) : $"{Class(own)}/{Class(other)}";
    }

    private static string Class(ApiResponse answer) =>
        answer.Status switch
        {
            401 => "-",
            403 => answer.Body.Contains("insufficient_scope", StringComparison.Ordinal) ? "403" : "403 rights",
            404 => "404",
            >= 200 and < 300 => "2xx",
            303 => "3xx",
            400 or 409 or 415 or 422 => "4xx",
            _ => throw new UnexpectedResponseException($"{answer.Method} {answer.Path}: {answer.Status}\n{answer.Body}"),
        };
}
