namespace Tokenry.Server.Platform.Http;

/// <summary>What a route asks of its caller. Every route has exactly one; the server does not start otherwise (default deny).</summary>
/// <param name="Kind">How the route authenticates.</param>
/// <param name="Needs">
/// Management scopes of which one opens it, as its operation's Gate demands; empty = any credential of the kind. On a client's route: what a
/// credential of the management API needs in place of client authentication; empty = it cannot take its place.
/// </param>
public sealed record RouteAccess(RouteAuthentication Kind, IReadOnlyList<string> Needs);

/// <summary>A route open to anybody to which credentials are brought all the same: a door.</summary>
public sealed record RouteTakesCredentials;

/// <summary>A route that people open in a browser; see <see cref="PageGuard"/>.</summary>
public sealed record RouteIsPage;

/// <summary>A door of Tokenry's own API, called for every request at other APIs: not counted by <c>Tokenry:Management:RequestsPerMinute</c>.</summary>
public sealed record RouteIsUncounted;

public enum RouteAuthentication
{
    /// <summary>Open to anybody, and said so on purpose.</summary>
    Public,

    /// <summary>A credential good at the management API (<see cref="RouteAuthentication.Caller"/>).</summary>
    Caller,

    /// <summary>OAuth client authentication, inside the endpoint.</summary>
    Client,
}

public static class RouteMarkers
{
    public static TBuilder OpenToAnybody<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteAccess(RouteAuthentication.Public, []));

    /// <summary>Open to anybody; what credential the request carries is what the endpoint is asked about.</summary>
    public static TBuilder IsDoor<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.OpenToAnybody().WithMetadata(new RouteTakesCredentials());

    /// <summary>A page: guarded by <c>Tokenry:AllowedHosts</c>, and with HSTS where it applies.</summary>
    public static TBuilder IsPage<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteIsPage());

    /// <summary>Not counted among the requests of a credential at Tokenry's own API.</summary>
    public static TBuilder IsUncounted<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteIsUncounted());

    /// <param name="builder">The route.</param>
    /// <param name="orScopes">A credential with one of these opens the route too.</param>
    public static TBuilder NeedsClient<TBuilder>(this TBuilder builder, params string[] orScopes)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteAccess(RouteAuthentication.Client, orScopes));

    /// <param name="builder">The route.</param>
    /// <param name="scopes">Any one of them opens the route (the second usually only to what is one's own).</param>
    public static TBuilder Needs<TBuilder>(this TBuilder builder, params string[] scopes)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteAccess(RouteAuthentication.Caller, scopes));
}
