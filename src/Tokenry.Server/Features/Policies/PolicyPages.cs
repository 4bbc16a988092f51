using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Policies;

/// <summary>
/// <c>/policy</c> and <c>/organizations/{id}/policy</c>: the rules in words and whose they are, and a form that shows what a change would affect before it is
/// made. A person who acts in an organization finds its policy at both addresses.
/// </summary>
internal static class PolicyPages
{
    internal static readonly string[] Writes = [ManagementApi.PoliciesWrite, ManagementApi.OrganizationPolicy];

    private static readonly string[] Reads = [ManagementApi.PoliciesRead, ManagementApi.OrganizationRead];

    public static IServiceCollection AddPolicyPages(this IServiceCollection services) =>
        services
            .AddSingleton<PolicyView>()
            .AddSingleton(new NavigationEntry(NavigationSection.Server, 50, "policy.title", "policy", "shield-check") { Scopes = Reads });

    public static void MapPolicyPages(this IEndpointRouteBuilder app)
    {
        Map(app, "/policy");
        Map(app, "/organizations/{id}/policy");
    }

    private static void Map(IEndpointRouteBuilder app, string route)
    {
        app.MapGet(route, async (HttpContext http, Caller caller, PolicyView view) => await view.PageAsync(caller, Of(http)))
            .IsPageFor(Reads);
        app.MapGet(
                $"{route}/edit",
                async (HttpContext http, Caller caller, FreshAuthentication fresh, PolicyView view) =>
                    fresh.Has(caller)
                        ? await view.EditAsync(caller, Of(http))
                        : FreshAuthentication.Before(http.Request.Path.ToUriComponent())
            )
            .IsPageFor(Writes);
        app.MapPost(
                $"{route}/edit",
                (HttpContext http, Caller caller, PageForm form, PolicyView view) => view.PreviewAsync(caller, Of(http), form)
            )
            .IsPageFor(Writes)
            .IsForm();
        app.MapPost(route, (HttpContext http, Caller caller, PageForm form, PolicyView view) => view.SaveAsync(caller, Of(http), form))
            .IsPageFor(Writes)
            .IsForm();
    }

    /// <summary>The organization in the address; <c>null</c> = the server, or the one in which the person acts.</summary>
    private static string? Of(HttpContext http) => http.GetRouteValue("id") as string;
}
