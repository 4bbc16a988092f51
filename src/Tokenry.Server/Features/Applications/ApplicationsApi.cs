using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Principals;

namespace Tokenry.Server.Features.Applications;

/// <summary><c>/v1/applications</c>, and below one of them <c>/secrets</c>, <c>/public-keys</c>, <c>/certificates</c> and <c>/federated-identities</c></summary>
public static class ApplicationsApi
{
    internal static readonly Demand Write = new(ManagementApi.ApplicationsWrite, ManagementApi.ApplicationsOwn);

    private static readonly string[] Reads = [ManagementApi.ApplicationsRead, ManagementApi.ApplicationsOwn];
    private static readonly string[] Writes = [ManagementApi.ApplicationsWrite, ManagementApi.ApplicationsOwn];

    public static IServiceCollection AddApplications(this IServiceCollection services) =>
        services
            .AddSingleton<CreateApplication>()
            .AddSingleton<ReviseApplication>()
            .AddSingleton<ListApplications>()
            .AddSingleton<CreateClientSecret>()
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
            .Lists()
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
            .WithSummary("Revise the application.")
            .Needs(Writes);
        group
            .MapDelete(
                "/{id}",
                async (string id, Caller caller, string? reason, PrincipalOperations principals) =>
                {
                    await principals.DeleteAsync(caller, Write, PrincipalType.Application, id, reason);
                    return TypedResults.NoContent();
                }
            )
            .WithSummary("Delete the application and revoke all it owns.")
            .Needs(Writes);
        foreach (var enabled in new[] { true, false })
        {
            group
                .MapPost(
                    enabled ? "/{id}/enable" : "/{id}/disable",
                    async (string id, Caller caller, PrincipalOperations principals) =>
                    {
                        var (row, roles) = await principals.SetEnabledAsync(caller, Write, PrincipalType.Application, id, enabled);
                        return TypedResults.Ok(CreateApplication.ToApplication(row, roles));
                    }
                )
                .WithSummary(enabled ? "Enable the application." : "Disable the application.")
                .Needs(Writes);
        }

        MapSecrets(app);
        MapPublicKeys(app);
        MapCertificates(app);
        MapFederatedIdentities(app);
    }

    private static void MapCertificates(IEndpointRouteBuilder app)
    {
        var certificates = app.MapGroup("/v1/applications/{owner}/certificates").WithTags("Certificates");
        certificates
            .MapPost(
                "",
                async (string owner, Caller caller, Body<ClientCertificateRequest> body, CreateCertificate create) =>
                {
                    var certificate = await create.RunAsync(caller, owner, body.Value);
                    return TypedResults.Created($"/v1/applications/{owner}/certificates/{certificate.Id}", certificate);
                }
            )
            .WithSummary("Register a TLS client certificate of the application, or the name and the authorities of its certificates.")
            .Needs(ManagementApi.CredentialsWrite, ManagementApi.ApplicationsOwn);
        certificates.MapList(CredentialFamily.Certificates);
        certificates.MapLife(CredentialFamily.Certificates);
    }

    private static void MapFederatedIdentities(IEndpointRouteBuilder app)
    {
        var identities = app.MapGroup("/v1/applications/{owner}/federated-identities").WithTags("Federated identities");
        identities
            .MapPost(
                "",
                async (string owner, Caller caller, Body<FederatedIdentityRequest> body, CreateFederatedIdentity create) =>
                {
                    var identity = await create.RunAsync(caller, owner, body.Value);
                    return TypedResults.Created($"/v1/applications/{owner}/federated-identities/{identity.Id}", identity);
                }
            )
            .WithSummary("Let tokens of another issuer stand for the application.")
            .Needs(ManagementApi.CredentialsWrite, ManagementApi.ApplicationsOwn);
        identities.MapList(CredentialFamily.FederatedIdentities);
        identities.MapLife(CredentialFamily.FederatedIdentities);
    }

    private static void MapPublicKeys(IEndpointRouteBuilder app)
    {
        var keys = app.MapGroup("/v1/applications/{owner}/public-keys").WithTags("Public keys");
        keys.MapPost(
                "",
                async (string owner, Caller caller, Body<PublicKeyRequest> body, CreatePublicKey create) =>
                {
                    var key = await create.RunAsync(caller, owner, body.Value);
                    return TypedResults.Created($"/v1/applications/{owner}/public-keys/{key.Id}", key);
                }
            )
            .WithSummary("Register a public key of the application.")
            .Needs(ManagementApi.CredentialsWrite, ManagementApi.ApplicationsOwn);
        keys.MapList(CredentialFamily.PublicKeys);
        keys.MapLife(CredentialFamily.PublicKeys);
    }

    private static void MapSecrets(IEndpointRouteBuilder app)
    {
        var secrets = app.MapGroup("/v1/applications/{owner}/secrets").WithTags("Client secrets");
        secrets
            .MapPost(
                "",
                async (string owner, Caller caller, Body<CredentialRequest> body, CreateClientSecret create) =>
                {
                    var secret = await create.RunAsync(caller, owner, body.Value);
                    return TypedResults.Created($"/v1/applications/{owner}/secrets/{secret.Id}", secret);
                }
            )
            .WithSummary("Create a client secret for the application.")
            .Needs(ManagementApi.CredentialsWrite, ManagementApi.ApplicationsOwn);
        secrets.MapList(CredentialFamily.ClientSecrets);
        secrets.MapLife(CredentialFamily.ClientSecrets);
    }
}
