using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Applications;

/// <summary>Registers an application. Under <c>applications:own</c> it belongs to the calling user.</summary>
public sealed class CreateApplication(IdempotentGate gate, Caps caps, TimeProvider time)
{
    public async Task<Application> RunAsync(Caller caller, ApplicationRequest request)
    {
        return await gate.WriteAsync(
            caller,
            ApplicationsApi.Write,
            "application.created",
            async operation =>
            {
                var (tx, entry, caller, reach, catalog) = operation;
                var check = new Validation();
                var name = check.Name("name", request.Name);
                UseLimit.Check(check, "rate_limits", request.RateLimits);
                var client = ClientRules.Of(request);
                ClientRules.Check(check, catalog, client);
                check.ThrowIfAny();
                await ClientRules.HoldAudiencesAsync(tx, catalog, client.ExchangeAudiences);
                var organizationId = request.OrganizationId ?? reach.Organization;
                if (organizationId is not null)
                {
                    await HoldOrganizationAsync(operation, organizationId);
                }

                ClientRules.RefuseForeignAudiences(catalog, caller, reach, ClientSettings.Default, client);
                RefuseOwnLimits(reach, request.RateLimits is not null);
                PrincipalOperations.RefuseLongLine(caller, reach);
                var roles = RoleAssignment.Check(operation, request.Roles);
                var permissions = RoleAssignment.CheckPermissions(operation, request.Permissions);
                var now = time.GetUtcNow();
                var row = new PrincipalRow
                {
                    Id = PublicId.Create("app", PublicId.NewUuid7(now)),
                    Type = PrincipalType.Application,
                    Name = name,
                    OwnerId = reach.OwnOf,
                    OrganizationId = organizationId,
                    Enabled = 1,
                    Permissions = permissions?.ToColumn(),
                    RateLimits = JsonColumn.Write(request.RateLimits),
                    Client = client.Write(),
                    CreatedAt = now.ToUnixTimeMilliseconds(),
                };
                entry.TargetType = PrincipalType.Application;
                entry.TargetId = row.Id;
                entry.OrganizationId = organizationId;
                await caps.CheckApplicationsAsync(tx, row.OwnerId);
                await PrincipalStore.InsertAsync(tx, row, passwordHash: null, roles);
                var application = row.ToApplication(catalog, roles);
                entry.Changes = AuditChanges.Made(application);
                return application;
            }
        );
    }

    /// <summary>Locks the organization that will own the application. A caller with a narrower reach names only the one in which it acts.</summary>
    /// <exception cref="ProblemException">400: there is no such organization, or it is out of reach.</exception>
    internal static async Task HoldOrganizationAsync(OperationContext operation, string organizationId)
    {
        try
        {
            await OrganizationStore.FindAsync(
                operation.Transaction,
                organizationId,
                operation.Reach with
                {
                    Organization = Only(operation.Reach),
                }
            );
        }
        catch (ProblemException missing) when (missing.Status == 404)
        {
            throw ProblemException.Invalid("organization_id", "is not an organization to which the caller may give applications");
        }

        static string? Only(Reach reach) => reach.OwnOf is null ? reach.Organization : "";
    }

    /// <summary>The rate limits of an application bind its owner, so the owner cannot set them.</summary>
    internal static void RefuseOwnLimits(Reach reach, bool areSet)
    {
        if (areSet && !reach.IsAll)
        {
            throw Problems.InsufficientScope(ManagementApi.Identifier, [ManagementApi.ApplicationsWrite]);
        }
    }
}
