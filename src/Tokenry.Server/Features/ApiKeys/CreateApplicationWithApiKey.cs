using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.ApiKeys;

/// <summary>Creates an application with exactly the requested scopes, and its API key, in one request.</summary>
public sealed class CreateApplicationWithApiKey(IdempotentGate gate, IssueCredential issue, Caps caps, TimeProvider time)
{
    public async Task<Credential> RunAsync(Caller caller, QuickApiKeyRequest request) =>
        await gate.WriteAsync(
            caller,
            CredentialFamily.ApiKeys.Write,
            "api_key.created",
            async operation =>
            {
                operation = operation with { Reach = ReachOf(operation.Caller, operation.Reach) };
                var check = new Validation();
                check.Name("name", request.Name);
                check.Require(request.Scopes.Count > 0, "scopes", new FieldFault("needs_scope", "needs at least one scope"));
                Permission[] permissions = [new(request.Api, request.Scopes)];
                CredentialDraft.CheckPermission(check, operation.Catalog, permissions[0], "api", "scopes");
                check.ThrowIfAny();
                var owner = await RegisterAsync(operation, request.Name, permissions);
                return await issue.RunAsync(
                    operation,
                    owner,
                    CredentialKind.ApiKey,
                    new CredentialDraft
                    {
                        Name = request.Name,
                        Permissions = new(permissions),
                        Justification = request.Justification,
                    }
                );
            }
        );

    /// <summary>
    /// The key needs <c>credentials:write</c>; the application needs the right to register one. A caller who may register only their own
    /// gives the application no more rights than their own, even if they may create any key.
    /// </summary>
    private static Reach ReachOf(Caller caller, Reach keys) =>
        keys.Organization is not null || caller.Management.Contains(ManagementApi.ApplicationsWrite) ? keys
        : caller.Management.Contains(ManagementApi.ApplicationsOwn) ? new Reach(caller.Principal.Id)
        : throw Problems.InsufficientScope(ManagementApi.Identifier, [ManagementApi.ApplicationsWrite]);

    private async Task<PrincipalFacts> RegisterAsync(OperationContext operation, string name, IReadOnlyList<Permission> permissions)
    {
        var (tx, entry, caller, reach, catalog) = operation;
        if (reach.Organization is { } organization)
        {
            await OrganizationStore.FindAsync(tx, organization, reach);
        }

        PrincipalOperations.RefuseLongLine(caller, reach);
        var now = time.GetUtcNow();
        var row = new PrincipalRow
        {
            Id = PublicId.Create("app", PublicId.NewUuid7(now)),
            Type = PrincipalType.Application,
            Name = name.Trim(),
            OwnerId = reach.OwnOf,
            OrganizationId = reach.Organization,
            OrganizationEnabled = 1,
            Enabled = 1,
            Permissions = RoleAssignment.CheckPermissions(operation, permissions)?.ToColumn(),
            CreatedAt = now.ToUnixTimeMilliseconds(),
        };
        await caps.CheckApplicationsAsync(tx, row.OwnerId);
        await PrincipalStore.InsertAsync(tx, row, passwordHash: null, []);
        // The application is a mutation of its own, so it has its own audit event.
        entry.OrganizationId = row.OrganizationId;
        var registered = entry.With("application.created", PrincipalType.Application, row.Id);
        registered.Changes = AuditChanges.Made(row.ToApplication(catalog, []));
        tx.Record(registered);
        return await PrincipalStore.FactsAsync(tx, row);
    }
}
