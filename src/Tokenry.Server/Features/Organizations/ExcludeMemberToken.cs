using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Organizations;

/// <summary>
/// Ends what a member's token may do in the organization. The token lives on for the others that it names: they are not this organization's. Nothing changes
/// for a token that was excluded before.
/// </summary>
public sealed class ExcludeMemberToken(Gate gate, TimeProvider time)
{
    /// <exception cref="ProblemException">404: no token of a member has this id and names the organization.</exception>
    public Task RunAsync(Caller caller, string id, string tokenId) =>
        gate.WriteAsync(
            caller,
            CredentialFamily.PersonalAccessTokens.Write with
            {
                OwnScope = null,
            },
            "organization.token_excluded",
            async operation =>
            {
                var (tx, entry, _, reach, catalog) = operation;
                await OrganizationStore.FindAsync(tx, id, reach);
                // The reach of an organization ends before tokens that name several: what makes this one its own is that it names the organization.
                var row = await new CredentialAddress(CredentialFamily.PersonalAccessTokens, tokenId).FindAsync(tx, Reach.All);
                var grants = GrantSet.OfNullable(row.Permissions);
                var isMember = (await OrganizationStore.RolesAsync(tx, id, row.OwnerId)).Count > 0;
                if (!isMember || grants?.Names(id) != true)
                {
                    throw ProblemException.NotFound();
                }

                entry.TargetType = row.Kind;
                entry.TargetId = row.Id;
                entry.OrganizationId = id;
                entry.Changes = [AuditChanges.OfType("permissions", grants.In(id).ToPermissions(catalog), null)];
                var left = grants.With(grants.Organizations.Where(there => there.OrganizationId != id));
                await CredentialStore.ReviseAsync(
                    tx,
                    row with
                    {
                        Permissions = left.ToColumn(),
                    },
                    time.GetUtcNow().ToUnixTimeMilliseconds()
                );
                return true;
            }
        );
}
