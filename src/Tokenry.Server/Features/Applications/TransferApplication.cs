using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Principals;

namespace Tokenry.Server.Features.Applications;

/// <summary>
/// Gives an application to another owner, or confirms the one it has. Its credentials go with it, so the answer lists them: their holders
/// act as the application still.
/// </summary>
public sealed class TransferApplication(Gate gate, TimeProvider time)
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
                var (row, roles) = await PrincipalOperations.FindForChangeAsync(operation, PrincipalType.Application, id);
                await OwnershipTransfer.RequireOwnerAsync(tx, "owner", request.Owner);
                await OwnershipTransfer.MoveAsync(tx, entry, row, request.Owner);
                var (count, credentials) = await CredentialStore.LiveOfAsync(tx, id, MostListed);
                var now = time.GetUtcNow().ToUnixTimeMilliseconds();
                return new ApplicationTransfer
                {
                    Application = (await PrincipalStore.FindAsync(tx, PrincipalType.Application, id))!.ToApplication(catalog, roles),
                    Credentials = new TransferredCredentials(
                        count,
                        [.. credentials.Select(credential => credential.ToCredential(catalog, now))]
                    ),
                };
            }
        );
}
