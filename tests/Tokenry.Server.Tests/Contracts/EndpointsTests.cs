using System.Text;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Tests.Contracts;

/// <summary>endpoints.txt: every route and what it asks of its caller. open-routes.txt: those that ask nothing; it may only shrink.</summary>
public sealed class EndpointsTests(SharedServers servers)
{
    [Fact]
    public async Task Every_route_asks_of_its_caller_what_endpoints_txt_says()
    {
        var text = new StringBuilder();
        foreach (var route in await Route.AllAsync())
        {
            text.Append($"{route.Method, -6} {route.Path} → {Access(route)}\n");
        }

        await GoldenFile.CompareAsync("endpoints.txt", text.ToString());
    }

    [Fact]
    public async Task Only_the_routes_of_open_routes_txt_are_open_to_anybody() =>
        await GoldenFile.CompareAsync("open-routes.txt", string.Join('\n', (await OpenAsync()).Select(route => route.ToString())));

    [Theory, BothEngines]
    public async Task What_the_marker_says_is_what_the_server_does(Engine engine)
    {
        var anonymous = await servers.AnonymousAsync(engine);
        var open = await OpenAsync();
        foreach (var route in await Route.AllAsync())
        {
            var call = Call.To(route, Target.Nobody);
            var answer = await call.SendAsync(anonymous);
            if (route.IsForm || route.Access.Kind == RouteAuthentication.Session)
            {
                // A form without the token of a page, and a page without a session (FormTests).
                Assert.True(answer.Status == (route.Access.Kind == RouteAuthentication.Session ? 303 : 403), $"{route}: {answer.Status}");
                continue;
            }

            Assert.True(open.Contains(route) == answer.Status is not (401 or 403), $"{route}: {answer.Status} without a credential");
        }
    }

    [Fact]
    public async Task A_route_needs_only_scopes_that_exist()
    {
        var needed = (await Route.AllAsync()).SelectMany(route => route.Needs).Distinct();
        Assert.Empty(needed.Except(global::Tokenry.Server.Core.Apis.ManagementApi.Scopes));
    }

    private static async Task<List<Route>> OpenAsync() =>
        [.. (await Route.AllAsync()).Where(route => route.Access.Kind == RouteAuthentication.Public)];

    private static string Access(Route route) =>
        (route.Access.Kind, string.Join(" or ", route.Needs)) switch
        {
            (RouteAuthentication.Public, _) => route.IsForm ? "anybody, from a page of this server" : "anybody",
            (RouteAuthentication.Session, _) => route.IsForm ? "a session, from a page of this server" : "a session",
            (RouteAuthentication.Client, "") => "client authentication",
            (RouteAuthentication.Client, var scopes) => $"client authentication, or {scopes}",
            (_, "") => "any credential",
            (_, var scopes) => scopes,
        };
}
