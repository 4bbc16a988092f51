namespace Tokenry.Protocol.Api;

/// <summary>The places that check credentials: labels of metrics and values of the access log.</summary>
public static class DoorNames
{
    /// <summary><c>POST /v1/verify</c> and its batch.</summary>
    public const string Verify = "verify";

    /// <summary><c>/v1/forward-auth</c>, for proxies.</summary>
    public const string ForwardAuth = "forward_auth";

    /// <summary><c>POST /oauth/introspect</c> (RFC 7662).</summary>
    public const string Introspection = "introspection";

    /// <summary>Tokenry's own management API.</summary>
    public const string Management = "management";

    /// <summary>Client authentication at an OAuth endpoint.</summary>
    public const string ClientAuthentication = "client_authentication";

    /// <summary>The subject or actor token of a token exchange (RFC 8693).</summary>
    public const string TokenExchange = "token_exchange";

    /// <summary>The token endpoint, for issued tokens.</summary>
    public const string Token = "token";

    /// <summary>Every door.</summary>
    public static readonly string[] All = [Verify, ForwardAuth, Introspection, Management, ClientAuthentication, TokenExchange, Token];
}
