using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tokenry.Server.Composition;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Tests.Contracts;

/// <summary>A route as the server itself has it: its EndpointDataSource is the truth, for routes that OpenAPI does not show too.</summary>
internal sealed record Route(string Method, string Path, RouteAccess Access)
{
    private static readonly Lazy<Task<IReadOnlyList<Route>>> Known = new(ReadAsync);

    /// <summary>Every route, sorted by path, then by method.</summary>
    public static Task<IReadOnlyList<Route>> AllAsync() => Known.Value;

    /// <summary>Those that a credential of the management API opens.</summary>
    public static async Task<IReadOnlyList<Route>> OfCallersAsync() =>
        [.. (await AllAsync()).Where(route => route.Access.Kind == RouteAuthentication.Caller)];

    public IReadOnlyList<string> Needs => Access.Needs;

    /// <summary>Whether people open it in a browser.</summary>
    public bool IsPage { get; private init; }

    /// <summary>Whether it takes a form from a page of this server.</summary>
    public bool IsForm { get; private init; }

    /// <summary>Whether OpenAPI leaves it out.</summary>
    public bool IsUndescribed { get; private init; }

    /// <summary>Whether it knows <c>dry_run</c>.</summary>
    public bool ChangesRights { get; private init; }

    /// <summary>The query parameters it knows; <c>null</c> = it is not for <see cref="KnownQuery"/> to refuse others.</summary>
    public IReadOnlyList<QueryParameter>? Query { get; private init; }

    public bool HasTarget => Path.Contains('{', StringComparison.Ordinal);

    public override string ToString() => $"{Method} {Path}";

    private static async Task<IReadOnlyList<Route>> ReadAsync()
    {
        var directory = Directory.CreateTempSubdirectory("tokenry-routes-");
        try
        {
            // Built as it is shipped, never started: no port is opened.
            await using var server = await TokenryServer.BuildAsync([
                $"--Tokenry:DataDirectory={directory.FullName}",
                "--urls=http://127.0.0.1:7600",
            ]);
            return
            [
                .. ((IEndpointRouteBuilder)server.App).DataSources.SelectMany(source => source.Endpoints).SelectMany(Of).Order(InOrder),
            ];
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static IEnumerable<Route> Of(Endpoint endpoint)
    {
        var route = Assert.IsType<RouteEndpoint>(endpoint);
        var path = "/" + route.RoutePattern.RawText!.Trim('/');
        var methods = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["ANY"];
        return methods.Select(method => new Route(method, path, endpoint.Metadata.GetRequiredMetadata<RouteAccess>())
        {
            IsPage = endpoint.Metadata.GetMetadata<RouteIsPage>() is not null,
            IsForm = endpoint.Metadata.GetMetadata<RouteIsForm>() is not null,
            IsUndescribed = endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is { ExcludeFromDescription: true },
            ChangesRights = endpoint.Metadata.GetMetadata<RouteChangesRights>() is not null,
            Query = KnownQuery.IsStrict(route) ? KnownQuery.Of(route) : null,
        });
    }

    private static readonly Comparer<Route> InOrder = Comparer<Route>.Create(
        (a, b) => string.CompareOrdinal($"{a.Path} {a.Method}", $"{b.Path} {b.Method}")
    );
}
