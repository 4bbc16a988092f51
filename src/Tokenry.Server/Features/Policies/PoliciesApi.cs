using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Policies;

/// <summary><c>/v1/policy</c>, <c>/v1/me/policy</c> and <c>/v1/organizations/{id}/policy</c></summary>
public static class PoliciesApi
{
    public static IServiceCollection AddPolicies(this IServiceCollection services) =>
        services.AddSingleton<ShowPolicy>().AddSingleton<RevisePolicy>().AddSingleton<PreviewPolicy>();

    public static void MapPolicies(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/me/policy", async (Caller caller, ShowPolicy show) => TypedResults.Ok(await show.OwnAsync(caller)))
            .WithTags("Policies")
            .WithSummary("Show the rules that bind the credentials that you make for yourself, each with its owner.")
            .Needs();
        var server = app.MapGroup("/v1/policy").WithTags("Policies");
        server
            .MapGet("", async (Caller caller, ShowPolicy show) => TypedResults.Ok(await show.RunAsync(caller, null)))
            .WithSummary("Show the policy of the server.")
            .Needs(ManagementApi.PoliciesRead);
        server
            .MapPatch(
                "",
                async (Caller caller, Body<PolicyPatch> body, RevisePolicy revise) =>
                    TypedResults.Ok(await revise.RunAsync(caller, null, body.Value))
            )
            .WithSummary("Revise the policy of the server. No credential ends by it.")
            .Needs(ManagementApi.PoliciesWrite);
        server
            .MapPost(
                "/preview",
                async (Caller caller, Body<PolicyRules> body, Listing listing, PreviewPolicy preview) =>
                    TypedResults.Ok(await preview.RunAsync(caller, null, body.Value, listing))
            )
            .WithSummary("List the live credentials that break a proposed policy of the server. Nothing changes.")
            .Lists()
            .Needs(ManagementApi.PoliciesWrite);

        var organization = app.MapGroup("/v1/organizations/{id}/policy").WithTags("Policies");
        organization
            .MapGet("", async (string id, Caller caller, ShowPolicy show) => TypedResults.Ok(await show.RunAsync(caller, id)))
            .WithSummary("Show the policy of the organization, with the rules of the server that bind there.")
            .Needs(ManagementApi.PoliciesRead, ManagementApi.OrganizationRead);
        organization
            .MapPatch(
                "",
                async (string id, Caller caller, Body<PolicyPatch> body, RevisePolicy revise) =>
                    TypedResults.Ok(await revise.RunAsync(caller, id, body.Value))
            )
            .WithSummary("Revise the policy of the organization. No credential ends by it.")
            .Needs(ManagementApi.PoliciesWrite, ManagementApi.OrganizationPolicy);
        organization
            .MapPost(
                "/preview",
                async (string id, Caller caller, Body<PolicyRules> body, Listing listing, PreviewPolicy preview) =>
                    TypedResults.Ok(await preview.RunAsync(caller, id, body.Value, listing))
            )
            .WithSummary("List the live credentials of the organization that break a proposed policy. Nothing changes.")
            .Lists()
            .Needs(ManagementApi.PoliciesWrite, ManagementApi.OrganizationPolicy);
    }

    /// <param name="organizationId">The organization; <c>null</c> = the server.</param>
    internal static Demand Read(string? organizationId) =>
        new(ManagementApi.PoliciesRead) { OrganizationScope = organizationId is null ? null : ManagementApi.OrganizationRead };

    /// <inheritdoc cref="Read"/>
    internal static Demand Write(string? organizationId) =>
        new(ManagementApi.PoliciesWrite) { OrganizationScope = organizationId is null ? null : ManagementApi.OrganizationPolicy };
}
