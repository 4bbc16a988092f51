using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Applications;

/// <summary>
/// Transfers an application to another owner, or confirms its owner. The credentials go with it, and their holders still act as the
/// application. So the answer lists them.
/// </summary>
public sealed class TransferApplication(Gate gate, Caps caps, TimeProvider time)
{
    private const int MostListed = 200;

    private static readonly Demand Demand = new(ManagementApi.ApplicationsWrite);

    public Task<ApplicationTransfer> RunAsync(Caller caller, string id, ApplicationTransferRequest request) =>
        gate.WriteAsync(
            caller,
            Demand,
            "application.transferred",
            async operation =>
            {
                var (tx, entry, _, _, catalog) = operation;
                if (request.OrganizationId is { } organization)
                {
                    await CreateApplication.HoldOrganizationAsync(operation, organization);
                }

                if (request is { Owner: not null, OrganizationId: not null })
                {
                    throw ProblemException.Invalid("owner", "must be null if an organization owns the application");
                }

                await OwnershipTransfer.HoldUsersAsync(tx, request.Owner);
                var (row, roles) = await PrincipalOperations.FindForChangeAsync(operation, PrincipalAddress.Application(id));
                await OwnershipTransfer.RequireOwnerAsync(tx, "owner", request.Owner);
                if (request.Owner != row.OwnerId)
                {
                    await caps.CheckApplicationsAsync(tx, request.Owner);
                }

                if (request.OrganizationId is { } next && next != row.OrganizationId)
                {
                    await PolicyCheck.RequireOfAllAsync(operation, id, next, time.GetUtcNow());
                }

                await OwnershipTransfer.MoveAsync(
                    new InHands(operation),
                    operation,
                    entry,
                    row,
                    new ApplicationOwner(request.Owner, request.OrganizationId)
                );
                var (count, credentials) = await CredentialStore.LiveOfAsync(tx, id, MostListed);
                return new ApplicationTransfer
                {
                    Application = (await PrincipalStore.FindAsync(tx, PrincipalType.Application, id))!.ToApplication(catalog, roles),
                    Credentials = new TransferredCredentials(
                        count,
                        [.. credentials.Select(credential => new TransferredCredential(credential.Id, credential.Kind, credential.Name))]
                    ),
                };
            }
        );
}
