using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Features.ApiKeys;
using Tokenry.Server.Features.ApiResources;
using Tokenry.Server.Features.Applications;
using Tokenry.Server.Features.AuditLog;
using Tokenry.Server.Features.Credentials;
using Tokenry.Server.Features.Overview;
using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Features.Users;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

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
        app.Use(SetViewerAsync);
        app.UseMiddleware<PageGate>();
        app.UseMiddleware<FormGuard>();
    }

    public static void MapPages(this IEndpointRouteBuilder app)
    {
        app.MapConsole();
        app.MapOverviewPages();
        app.MapPersonalAccessTokenPages();
        app.MapApiResourcePages();
        app.MapUserPages();
        app.MapApplicationPages();
        app.MapApiKeyPages();
        app.MapCredentialPages();
        app.MapAuditPages();
    }

    /// <summary>The frame of a page knows the person, and nothing of callers.</summary>
    private static Task SetViewerAsync(HttpContext context, RequestDelegate next)
    {
        if (
            context.GetEndpoint()?.Metadata.GetMetadata<RouteIsPage>() is not null
            && Caller.Of(context) is { Principal: var person, Management: var may }
        )
        {
            context.Features[typeof(Viewer)] = new Viewer(person.Id, person.Name, may.ToHashSet(StringComparer.Ordinal));
        }

        return next(context);
    }
}
