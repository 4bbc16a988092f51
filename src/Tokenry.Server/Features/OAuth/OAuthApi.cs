using Tokenry.Server.Features.OAuth.ClientAuthentication;
using Tokenry.Server.Features.OAuth.Grants;
using Tokenry.Server.Foundation.Hosting;

namespace Tokenry.Server.Features.OAuth;

/// <summary><c>/oauth/…</c> and its discovery documents</summary>
public static class OAuthApi
{
    public static IServiceCollection AddOAuth(this IServiceCollection services) =>
        services
            .AddSingleton<ClientAuthenticator>()
            .AddSingleton<ClientCredentials>()
            .AddSingleton<TokenEndpoint>()
            .AddSingleton<IntrospectionEndpoint>()
            .AddSingleton<RevocationEndpoint>();

    public static void MapOAuth(this IEndpointRouteBuilder app, TokenryOptions options)
    {
        app.MapForm("/oauth/token", app.ServiceProvider.GetRequiredService<TokenEndpoint>().ServeAsync);
        app.MapForm("/oauth/introspect", app.ServiceProvider.GetRequiredService<IntrospectionEndpoint>().ServeAsync);
        app.MapForm("/oauth/revoke", app.ServiceProvider.GetRequiredService<RevocationEndpoint>().ServeAsync);
        app.MapMetadata(options);
    }
}
