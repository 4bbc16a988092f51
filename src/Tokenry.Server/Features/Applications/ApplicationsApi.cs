using Microsoft.AspNetCore.Http.HttpResults;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Applications;

/// <summary><c>/v1/applications</c>, and below one of them <c>/secrets</c>, <c>/public-keys</c>, <c>/certificates</c> and <c>/federated-identities</c></summary>
public static class ApplicationsApi
{
    internal static readonly Demand Write = new(ManagementApi.ApplicationsWrite, ManagementApi.ApplicationsOwn)
    {
        OrganizationScope = ManagementApi.OrganizationApplications,
    };

    private static readonly string[] Reads =
    [
        ManagementApi.ApplicationsRead,
        ManagementApi.ApplicationsOwn,
        ManagementApi.OrganizationRead,
    ];
    private static readonly string[] Writes =
    [
        ManagementApi.ApplicationsWrite,
        ManagementApi.ApplicationsOwn,
        ManagementApi.OrganizationApplications,
    ];
    private static readonly string[] CredentialWrites =
    [
        ManagementApi.CredentialsWrite,
        ManagementApi.ApplicationsOwn,
        ManagementApi.OrganizationApplications,
    ];

    public static IServiceCollection AddApplications(this IServiceCollection services) =>
        services
            .AddSingleton<CreateApplication>()
            .AddSingleton<ReviseApplication>()
            .AddSingleton<ListApplications>()
            .AddSingleton<TransferApplication>()
            .AddSingleton<CreateClientSecret>()
            .AddSingleton<RegisterCredential>()
            .AddSingleton<CreatePublicKey>()
            .AddSingleton<CreateCertificate>()
            .AddSingleton<CreateFederatedIdentity>();

    public static void MapApplications(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/applications").WithTags("Applications");
        group
            .MapPost(
                "",
                async (Caller caller, Body<ApplicationRequest> body, CreateApplication create) =>
                {
                    var application = await create.RunAsync(caller, body.Value);
                    return TypedResults.Created($"/v1/applications/{application.Id}", application);
                }
            )
            .WithSummary("Register an application.")
            .Needs(Writes);
        group
            .MapGet(
                "",
                async (Caller caller, Listing listing, ListApplications list) => TypedResults.Ok(await list.RunAsync(caller, listing))
            )
            .WithSummary("List applications.")
            .Lists(ListApplications.Filters)
            .Needs(Reads);
        group
            .MapGet("/{id}", async (string id, Caller caller, ListApplications list) => TypedResults.Ok(await list.ShowAsync(caller, id)))
            .WithSummary("Show the application.")
            .Needs(Reads);
        group
            .MapPatch(
                "/{id}",
                async (string id, Caller caller, Body<ApplicationPatch> body, ReviseApplication revise) =>
                    TypedResults.Ok(await revise.RunAsync(caller, id, body.Value))
            )
            .WithSummary("Update the application.")
            .ChangesRights()
            .Needs(Writes);
        group
            .MapDelete(
                "/{id}",
                async (string id, Caller caller, string? reason, PrincipalOperations principals) =>
                {
                    await principals.DeleteAsync(caller, PrincipalAddress.Application(id), reason);
                    return TypedResults.NoContent();
                }
            )
            .WithSummary("Delete the application and revoke all its credentials.")
            .ChangesRights()
            .Needs(Writes);
        group
            .MapPost(
                "/{id}/transfer",
                async (string id, Caller caller, Body<ApplicationTransferRequest> body, TransferApplication transfer) =>
                    TypedResults.Ok(await transfer.RunAsync(caller, id, body.Value))
            )
            .WithSummary("Transfer the application to another owner, or confirm its owner; lists the credentials that go with it.")
            .ChangesRights()
            .Needs(ManagementApi.ApplicationsWrite);
        group
            .MapPost(
                "/{id}/revoke-all",
                async (string id, Caller caller, Body<RevokeAllRequest> body, RevokeAll revoke) =>
                    TypedResults.Ok(await revoke.RunAsync(caller, PrincipalAddress.Application(id), body.Value))
            )
            .WithSummary("Revoke every credential and access token of the application, or those issued before a time.")
            .Needs(CredentialWrites);
        foreach (var enabled in new[] { true, false })
        {
            group
                .MapPost(
                    enabled ? "/{id}/enable" : "/{id}/disable",
                    async (string id, Caller caller, PrincipalOperations principals, CatalogCache catalogs) =>
                    {
                        var (row, roles) = await principals.SetEnabledAsync(caller, PrincipalAddress.Application(id), enabled);
                        return TypedResults.Ok(row.ToApplication(await catalogs.GetAsync(), roles));
                    }
                )
                .WithSummary(enabled ? "Enable the application." : "Disable the application.")
                .ChangesRights()
                .Needs(Writes);
        }

        MapCredentials(app);
    }

    private static void MapCredentials(IEndpointRouteBuilder app)
    {
        Collection(app, "secrets", "Client secrets", CredentialFamily.ClientSecrets)
            .MapPost(
                "",
                async (string owner, Caller caller, Body<CredentialRequest> body, CreateClientSecret create) =>
                    Created(owner, "secrets", await create.RunAsync(caller, owner, body.Value))
            )
            .WithSummary("Create a client secret for the application.")
            .Needs(CredentialWrites);
        Collection(app, "public-keys", "Public keys", CredentialFamily.PublicKeys)
            .MapPost(
                "",
                async (string owner, Caller caller, Body<PublicKeyRequest> body, CreatePublicKey create) =>
                    Created(owner, "public-keys", await create.RunAsync(caller, owner, body.Value))
            )
            .WithSummary("Register a public key of the application.")
            .Needs(CredentialWrites);
        Collection(app, "certificates", "Certificates", CredentialFamily.Certificates)
            .MapPost(
                "",
                async (string owner, Caller caller, Body<ClientCertificateRequest> body, CreateCertificate create) =>
                    Created(owner, "certificates", await create.RunAsync(caller, owner, body.Value))
            )
            .WithSummary("Register a TLS client certificate of the application, or the subject name and issuers of its certificates.")
            .Needs(CredentialWrites);
        Collection(app, "federated-identities", "Federated identities", CredentialFamily.FederatedIdentities)
            .MapPost(
                "",
                async (string owner, Caller caller, Body<FederatedIdentityRequest> body, CreateFederatedIdentity create) =>
                    Created(owner, "federated-identities", await create.RunAsync(caller, owner, body.Value))
            )
            .WithSummary("Trust tokens of another issuer to authenticate the application.")
            .Needs(CredentialWrites);
    }

    private static RouteGroupBuilder Collection(IEndpointRouteBuilder app, string name, string tag, CredentialFamily family)
    {
        var group = app.MapGroup($"/v1/applications/{{owner}}/{name}").WithTags(tag);
        group.MapList(family);
        group.MapLife(family);
        return group;
    }

    private static Created<Credential> Created(string owner, string collection, Credential credential) =>
        TypedResults.Created($"/v1/applications/{owner}/{collection}/{credential.Id}", credential);
}
