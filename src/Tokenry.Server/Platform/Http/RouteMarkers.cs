namespace Tokenry.Server.Platform.Http;

/// <summary>What a route requires of its caller. Every route has exactly one; otherwise the server does not start (default deny).</summary>
/// <param name="Kind">How the route authenticates.</param>
/// <param name="Needs">
/// Management scopes; one of them is enough, as the operation's Gate checks. Empty = any credential of the kind. On a route with client authentication: the
/// scopes with which a management credential may replace it; empty = none may.
/// </param>
public sealed record RouteAccess(RouteAuthentication Kind, IReadOnlyList<string> Needs);

/// <summary>A public route that receives credentials nevertheless: a door.</summary>
public sealed record RouteTakesCredentials;

/// <summary>A route that users open in a browser; see <see cref="PageGuard"/>.</summary>
public sealed record RouteIsPage;

/// <summary>A page that changes something with a posted form; see <c>FormGuard</c>.</summary>
public sealed record RouteIsForm;

/// <summary>A door of Tokenry's own API, called for every request at other APIs. <c>Tokenry:Management:RequestsPerMinute</c> does not count it.</summary>
public sealed record RouteIsUncounted;

public enum RouteAuthentication
{
    /// <summary>Public on purpose: no credential is required.</summary>
    Public,

    /// <summary>A credential for the management API (<see cref="RouteAuthentication.Caller"/>).</summary>
    Caller,

    /// <summary>OAuth client authentication, inside the endpoint.</summary>
    Client,

    /// <summary>A page for a person who is signed in: the session of a cookie, and no other credential.</summary>
    Session,
}

public static class RouteMarkers
{
    public static TBuilder OpenToAnybody<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteAccess(RouteAuthentication.Public, []));

    /// <summary>Public; the endpoint checks the credential in the request itself.</summary>
    public static TBuilder IsDoor<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.OpenToAnybody().WithMetadata(new RouteTakesCredentials());

    /// <summary>A page: <c>Tokenry:AllowedHosts</c> limits its hosts, and it has HSTS if the issuer is https.</summary>
    public static TBuilder IsPage<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteIsPage());

    /// <summary>A page for people who are signed in. Others are sent to the sign-in page.</summary>
    /// <param name="builder">The route.</param>
    /// <param name="scopes">The person needs one of them for the operations behind the page; empty = none.</param>
    public static TBuilder NeedsSession<TBuilder>(this TBuilder builder, params string[] scopes)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteAccess(RouteAuthentication.Session, scopes)).IsPage();

    /// <summary>The route takes a posted form from a page of this server, and from no other site.</summary>
    public static TBuilder IsForm<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteIsForm());

    /// <summary>The route does not count against the request limit of a credential at Tokenry's own API.</summary>
    public static TBuilder IsUncounted<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteIsUncounted());

    /// <param name="builder">The route.</param>
    /// <param name="orScopes">A credential with one of these scopes also opens the route.</param>
    public static TBuilder NeedsClient<TBuilder>(this TBuilder builder, params string[] orScopes)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteAccess(RouteAuthentication.Client, orScopes));

    /// <param name="builder">The route.</param>
    /// <param name="scopes">One of them opens the route (the second usually only for the caller's own things).</param>
    public static TBuilder Needs<TBuilder>(this TBuilder builder, params string[] scopes)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteAccess(RouteAuthentication.Caller, scopes));
}
