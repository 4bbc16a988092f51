using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// Ends what a member's token may do in one organization. The token lives on for the others that it names: they are not this organization's. Nothing changes
/// for a token that was excluded before.
/// </summary>
internal static class ExcludeToken
{
    public const string Action = "organization.token_excluded";

    /// <param name="operation">The operation; its entry becomes that of the exclusion.</param>
    /// <param name="organization">An organization in the caller's reach.</param>
    /// <param name="tokenId">The token.</param>
    /// <param name="now">The time of the operation.</param>
    /// <exception cref="ProblemException">404: no token of a member has this id and names the organization.</exception>
    public static async Task RunAsync(OperationContext operation, string organization, string tokenId, DateTimeOffset now)
    {
        var (tx, entry, _, _, catalog) = operation;
        // The reach of an organization ends before tokens that name several: what makes this one its own is that it names the organization.
        var row = await new CredentialAddress(CredentialFamily.PersonalAccessTokens, tokenId).FindAsync(tx, Reach.All);
        var grants = GrantSet.OfNullable(row.Permissions);
        var isMember = (await OrganizationStore.RolesAsync(tx, organization, row.OwnerId)).Count > 0;
        if (!isMember || grants?.Names(organization) != true)
        {
            throw ProblemException.NotFound();
        }

        entry.TargetType = row.Kind;
        entry.TargetId = row.Id;
        entry.OrganizationId = organization;
        entry.Changes = [AuditChanges.OfType("permissions", grants.In(organization).ToPermissions(catalog), null)];
        var left = grants.With(grants.Organizations.Where(there => there.OrganizationId != organization));
        await CredentialStore.ReviseAsync(tx, row with { Permissions = left.ToColumn() }, now.ToUnixTimeMilliseconds());
    }
}
