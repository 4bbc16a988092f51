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

namespace Tokenry.Server.Features.ApiKeys;

/// <summary>Creates an application with exactly the requested scopes, and its API key, in one request.</summary>
public sealed class CreateApplicationWithApiKey(Gate gate, IssueCredential issue, Caps caps, TimeProvider time)
{
    public async Task<Credential> RunAsync(Caller caller, QuickApiKeyRequest request) =>
        await gate.WriteOnceAsync(
            caller,
            CredentialFamily.ApiKeys.Write,
            "api_key.created",
            async operation =>
            {
                var (tx, entry, caller, keys, catalog) = operation;
                var reach = ReachOf(caller, keys);
                var check = new Validation();
                check.Name("name", request.Name);
                check.Require(request.Scopes.Count > 0, "scopes", "needs at least one scope");
                Permission[] permissions = [new(request.Api, request.Scopes)];
                CredentialDraft.CheckPermission(check, catalog, permissions[0], "api", "scopes");
                check.ThrowIfAny();
                var owner = await RegisterAsync(tx, caller, reach, catalog, request.Name, permissions);
                return await issue.RunAsync(
                    tx,
                    entry,
                    caller,
                    reach,
                    catalog,
                    owner,
                    CredentialKind.ApiKey,
                    new CredentialDraft { Name = request.Name, Permissions = new(permissions) }
                );
            }
        );

    /// <summary>
    /// The key needs <c>credentials:write</c>; the application needs the right to register one. A caller who may register only their own
    /// gives the application no more rights than their own, even if they may create any key.
    /// </summary>
    private static Reach ReachOf(Caller caller, Reach keys) =>
        caller.Management.Contains(ManagementApi.ApplicationsWrite) ? keys
        : caller.Management.Contains(ManagementApi.ApplicationsOwn) ? new Reach(caller.Principal.Id)
        : throw Problems.InsufficientScope(ManagementApi.Identifier, [ManagementApi.ApplicationsWrite]);

    private async Task<PrincipalFacts> RegisterAsync(
        WriteTransaction tx,
        Caller caller,
        Reach reach,
        Catalog catalog,
        string name,
        IReadOnlyList<Permission> permissions
    )
    {
        PrincipalOperations.RefuseLongLine(caller, reach);
        var now = time.GetUtcNow();
        var row = new PrincipalRow
        {
            Id = PublicId.Create("app", PublicId.NewUuid7(now)),
            Type = PrincipalType.Application,
            Name = name.Trim(),
            OwnerId = reach.OwnOf,
            Enabled = 1,
            Permissions = RoleAssignment.CheckPermissions(catalog, caller, reach, permissions)?.ToColumn(),
            CreatedAt = now.ToUnixTimeMilliseconds(),
        };
        await caps.CheckApplicationsAsync(tx, row.OwnerId);
        await PrincipalStore.InsertAsync(tx, row, passwordHash: null, []);
        // The application is a mutation of its own, so it has its own audit event.
        var entry = gate.Entry(caller, "application.created", AuditEntry.Success, reason: null);
        entry.TargetType = PrincipalType.Application;
        entry.TargetId = row.Id;
        entry.Changes = AuditChanges.Made(row.ToApplication(catalog, []));
        tx.Record(entry);
        return await PrincipalStore.FactsAsync(tx, row);
    }
}
