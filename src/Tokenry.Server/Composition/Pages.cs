using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Features.ApiKeys;
using Tokenry.Server.Features.ApiResources;
using Tokenry.Server.Features.Applications;
using Tokenry.Server.Features.AuditLog;
using Tokenry.Server.Features.Credentials;
using Tokenry.Server.Features.Overview;
using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Features.SignIn;
using Tokenry.Server.Features.Users;
using Tokenry.Server.Platform.Console;

namespace Tokenry.Server.Composition;

/// <summary>Puts the pages together. A server with <c>Tokenry:Console:Enabled=false</c> calls nothing of this.</summary>
internal static class Pages
{
    public static IServiceCollection AddPages(this IServiceCollection services) =>
        services
            .AddConsole()
            .AddSingleton<GrantableScopes>()
            .AddSingleton<CredentialForms>()
            .AddSingleton<CredentialOperations>()
            .AddSingleton<CredentialPages>()
            .AddOverviewPages()
            .AddPersonalAccessTokenPages()
            .AddApiResourcePages()
            .AddUserPages()
            .AddApplicationPages()
            .AddCredentialPages()
            .AddAuditPages();

    public static void UsePages(this IApplicationBuilder app)
    {
        app.UseMiddleware<SessionAuthentication>();
        app.Use(IntroduceAsync);
        app.UseMiddleware<FormGuard>();
    }

    public static void MapPages(this IEndpointRouteBuilder app)
    {
        app.MapConsole();
        app.MapSignInPages();
        app.MapSecurityPages();
        app.MapOverviewPages();
        app.MapPersonalAccessTokenPages();
        app.MapApiResourcePages();
        app.MapUserPages();
        app.MapApplicationPages();
        app.MapApiKeyPages();
        app.MapCredentialPages();
        app.MapAuditPages();
    }

    /// <summary>
    /// Makes the person of the session the caller of the operations behind a page, and the viewer that the frame of a page knows. Routes of the API do not pass
    /// here with a session.
    /// </summary>
    private static Task IntroduceAsync(HttpContext context, RequestDelegate next)
    {
        if (SessionCaller.Of(context) is { } caller)
        {
            context.Features[typeof(Caller)] = caller;
            context.Features[typeof(Viewer)] = new Viewer(
                caller.Principal.Id,
                caller.Principal.Name,
                caller.Management.ToHashSet(StringComparer.Ordinal)
            );
        }

        return next(context);
    }
}
