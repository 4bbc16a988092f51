using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Policies;

/// <summary>
/// PATCH of the policy of the server or of an organization. It ends and changes no credential: from its commit on, none is made or prolonged that breaks it.
/// </summary>
public sealed class RevisePolicy(Gate gate, FreshAuthentication fresh)
{
    /// <param name="caller">The caller.</param>
    /// <param name="organizationId">The organization; <c>null</c> = the server.</param>
    /// <param name="patch">Absent rules stay.</param>
    public Task<Policy> RunAsync(Caller caller, string? organizationId, PolicyPatch patch) =>
        gate.WriteAsync(
            caller,
            PoliciesApi.Write(organizationId),
            "policy.updated",
            async operation =>
            {
                var (tx, entry, caller, reach, catalog) = operation;
                fresh.Require(caller);
                if (organizationId is not null)
                {
                    await OrganizationStore.FindAsync(tx, organizationId, reach);
                    entry.OrganizationId = organizationId;
                }

                entry.TargetType = "policy";
                entry.TargetId = organizationId;
                var owner = organizationId ?? PolicyStore.Server;
                var before = await PolicyStore.HoldAsync(tx, owner);
                var after = CheckedRules.Of(
                    new()
                    {
                        MaxLifetimes = patch.MaxLifetimes.Or(before.MaxLifetimes),
                        ExpiryRequired = patch.ExpiryRequired.Or(before.ExpiryRequired),
                        MaxTokensPerUser = patch.MaxTokensPerUser.Or(before.MaxTokensPerUser),
                        ForbiddenKinds = patch.ForbiddenKinds.Or(before.ForbiddenKinds),
                        AllowedNetworks = patch.AllowedNetworks.Or(before.AllowedNetworks),
                        InvitedAccounts = patch.InvitedAccounts.Or(before.InvitedAccounts),
                        Recoverable = patch.Recoverable.Or(before.Recoverable),
                        ApprovalRequired = patch.ApprovalRequired.Or(before.ApprovalRequired),
                    },
                    catalog
                );
                entry.Changes = AuditChanges.Between(before, after);
                entry.ChangedNothing = entry.Changes is null;
                if (!entry.ChangedNothing)
                {
                    await PolicyStore.SetAsync(tx, owner, after);
                }

                return await ShowPolicy.ReadAsync(tx, organizationId);
            }
        );
}
