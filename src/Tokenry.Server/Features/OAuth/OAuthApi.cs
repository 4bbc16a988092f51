using Microsoft.OpenApi;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Features.OAuth.ClientAuthentication;
using Tokenry.Server.Features.OAuth.Grants;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Features.OAuth;

/// <summary><c>/oauth/…</c> and its discovery documents</summary>
public static class OAuthApi
{
    private static readonly RouteMember[] Client =
    [
        new("client_id", "The application's id, where the client authenticates in the body or by its TLS client certificate (RFC 8705)."),
        new("client_secret", "Its client secret, where the client authenticates in the body."),
        new("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer, with client_assertion."),
        new(
            "client_assertion",
            "A JWT signed with the client's registered key (RFC 7523), or another issuer's that a federated identity trusts."
        ),
    ];

    private static readonly RouteMember[] TokenAnswer =
    [
        new("access_token", "A JWT (RFC 9068).", Required: true),
        new("issued_token_type", "Of an exchange: what kind of token it is."),
        new("token_type", "Bearer, or DPoP where it is bound to a key.", Required: true),
        new("expires_in", "Its life in seconds.", Required: true, JsonSchemaType.Integer),
        new("scope", "The scopes it carries.", Required: true),
    ];

    private static readonly RouteMember[] TokenInQuestion =
    [
        new("token", "The token or key that is meant.", Required: true),
        new("token_type_hint", "Taken and not needed: the token says itself what it is."),
        .. Client,
    ];

    private static readonly RouteMember[] Renewal =
    [
        new("overlap_seconds", "How long the old one still works: 60 to 2592000, an hour if left out.", Type: JsonSchemaType.Integer),
        new("jwk", "Of a client that authenticated by private_key_jwt: the public key that follows (RFC 7517)."),
        new("certificate", "Of a client that authenticated by a certificate that is registered itself: the one that follows, in PEM."),
        .. Client,
    ];

    private static readonly RouteMember[] Renewed =
    [
        new("id", "The credential's id.", Required: true),
        new("kind", "client_secret or public_key; the other members are those of a credential.", Required: true),
        new("client_secret", "The new secret, this once."),
    ];

    private static readonly RouteMember[] IntrospectionAnswer =
    [
        new("active", "Whether it is good now; if not, this is the only member.", Required: true, JsonSchemaType.Boolean),
        new("iss", "The issuer."),
        new("sub", "The user or application acting."),
        new("client_id", "The application."),
        new("aud", "The API resources it is good at, as far as the caller may know.", Type: JsonSchemaType.String | JsonSchemaType.Array),
        new("scope", "What it may do there now."),
        new("iat", "When it was issued, in Unix seconds.", Type: JsonSchemaType.Integer),
        new("exp", "When it ends, in Unix seconds.", Type: JsonSchemaType.Integer),
        new("jti", "Its id."),
        new("token_type", "Bearer, or DPoP where it is bound to a key."),
        new("cnf", "What it is bound to (RFC 7800).", Type: JsonSchemaType.Object),
        new("act", "Who acts for the subject (RFC 8693 §4.1).", Type: JsonSchemaType.Object),
        new("credential_kind", "access_token, api_key or personal_access_token."),
        new("organization_id", "The organization in which it acts."),
        new("objects", "The objects it is limited to.", Type: JsonSchemaType.Array),
    ];

    public static IServiceCollection AddOAuth(this IServiceCollection services) =>
        services
            .AddGrants()
            .AddClientAuthentication()
            .AddSingleton<SenderConstraint>()
            .AddSingleton<TokenEndpoint>()
            .AddSingleton<IntrospectionEndpoint>()
            .AddSingleton<RevocationEndpoint>()
            .AddSingleton<RenewalEndpoint>();

    /// <summary>The grants, in the order in which metadata and errors list them.</summary>
    private static IServiceCollection AddGrants(this IServiceCollection services) =>
        services.AddSingleton<SubjectTokens>().AddSingleton<IGrant, ClientCredentials>().AddSingleton<IGrant, TokenExchange>();

    /// <summary>
    /// The client authentication methods, strongest first; the metadata lists them in this order. A subject token comes before a certificate: then the
    /// certificate only binds the token.
    /// </summary>
    private static IServiceCollection AddClientAuthentication(this IServiceCollection services) =>
        services
            .AddSingleton<FederatedIdentities>()
            .AddSingleton<IClientAuthenticationMethod>(provider => provider.GetRequiredService<FederatedIdentities>())
            .AddSingleton<IClientAuthenticationMethod, MutualTls>()
            .AddSingleton<IClientAuthenticationMethod, PrivateKeyJwt>()
            .AddSingleton<IClientAuthenticationMethod, ClientSecretBasic>()
            .AddSingleton<IClientAuthenticationMethod, ClientSecretPost>()
            .AddSingleton<IClientAuthenticationMethod, PublicClient>()
            .AddSingleton<ClientAuthenticator>();

    private static RouteMember[] TokenForm(IEnumerable<IGrant> grants) =>
        [
            new("grant_type", string.Join(" or ", grants.Select(grant => grant.Name)), Required: true),
            new("resource", "Identifier of the API resource (RFC 8707); may be left out where the client has rights at one alone."),
            new("audience", "Another name for resource."),
            new("scope", "Scopes, separated by spaces; left out = all that the client has there."),
            .. grants.SelectMany(grant => grant.Parameters),
            .. Client,
        ];

    public static void MapOAuth(this IEndpointRouteBuilder app, TokenryOptions options)
    {
        app.MapForm("/oauth/token", app.ServiceProvider.GetRequiredService<TokenEndpoint>().ServeAsync)
            .WithSummary("Exchange client credentials (RFC 6749) or another token (RFC 8693) for an access token.")
            .Takes(TokenForm(app.ServiceProvider.GetServices<IGrant>()))
            .Answers(MediaType.Json, TokenAnswer)
            .NeedsClient();
        app.MapForm("/oauth/introspect", app.ServiceProvider.GetRequiredService<IntrospectionEndpoint>().ServeAsync)
            .WithSummary("Ask whether a token, API key or personal access token is active (RFC 7662).")
            .Takes(TokenInQuestion)
            .Answers(MediaType.Json, IntrospectionAnswer)
            .NeedsClient(ManagementApi.Introspect);
        app.MapForm("/oauth/revoke", app.ServiceProvider.GetRequiredService<RevocationEndpoint>().ServeAsync)
            .WithSummary("Revoke one of the client's own access tokens or API keys (RFC 7009).")
            .Takes(TokenInQuestion)
            .Answers(contentType: null)
            .NeedsClient();
        app.MapForm("/oauth/renew", app.ServiceProvider.GetRequiredService<RenewalEndpoint>().ServeAsync)
            .WithSummary("Replace the client's own secret or key, by that alone.")
            .Takes(Renewal)
            .Answers(MediaType.Json, Renewed)
            .NeedsClient();
        app.MapMetadata(options);
    }
}
