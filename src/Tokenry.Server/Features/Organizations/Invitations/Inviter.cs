using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Organizations.Invitations;

/// <summary>
/// What an inviter may give by an invitation, when it is created and when it is accepted. Between the two the inviter, its credential, and the roles may have
/// changed.
/// </summary>
internal static class Inviter
{
    /// <summary>
    /// A caller that cannot make credentials for all owners could accept its own invitation, with a new account. So it gives no more than it may do itself.
    /// </summary>
    /// <exception cref="Platform.Http.ProblemException">403.</exception>
    public static void CheckGives(OperationContext operation, IReadOnlyList<string> roles)
    {
        if (!operation.Caller.Management.Contains(ManagementApi.CredentialsWrite))
        {
            MintingRule.CheckWithinOwn(operation.Catalog, operation.Caller, RoleAssignment.InOrganization(operation.Catalog, roles));
        }
    }

    /// <summary>Whether the inviter could invite with these roles now.</summary>
    /// <param name="operation">The acceptance. It stands on what this reads: if that changes before COMMIT, it is judged again.</param>
    /// <param name="position">The position in <c>changes</c> up to which the facts of the acceptance are known.</param>
    /// <param name="row">The invitation.</param>
    public static async Task<bool> StillGivesAsync(AuditedOperation operation, long position, InvitationRow row)
    {
        var (tx, _, catalog) = operation;
        if (await PrincipalStore.OwnFactsAsync(tx, row.CreatedBy) is null || row.Roles.Any(role => catalog.Role(role) is null))
        {
            return false;
        }

        var inviter = await PrincipalStore.FactsAsync(tx, row.CreatedBy, row.CreatedIn);
        tx.StandsOn(new Premise(position, [.. Ids(inviter, row)]));
        if (!inviter.Active || (row.CreatedWith is not null && !await IsGoodAsync(tx, row.CreatedWith)))
        {
            return false;
        }

        var named = row.CreatedWith is null ? null : await NamedAsync(tx, row.CreatedWith);
        var management = EffectiveAt(ManagementApi.Resource);
        var demand = row.CreatedIn is null ? ManagementApi.OrganizationsWrite : ManagementApi.OrganizationWrite;
        var given = RoleAssignment.InOrganization(catalog, row.Roles);
        var isBound = row.CreatedIn is not null || !management.Contains(ManagementApi.CredentialsWrite);
        return management.Contains(demand)
            && given.Entries.All(entry =>
                entry.Api == ManagementApi.Identifier
                    ? management.IsSupersetOf(entry.Scopes)
                    : !isBound || (catalog.Resource(entry.Api) is { } api && EffectiveAt(api).IsSupersetOf(entry.Scopes))
            );

        ScopeSet EffectiveAt(ApiResourceFacts api) =>
            Rights.Of(catalog, inviter, named is null ? api.Scopes : named.At(api), api, AboutObjects.None);
    }

    private static IEnumerable<string> Ids(PrincipalFacts inviter, InvitationRow row)
    {
        for (var next = inviter; next is not null; next = next.Owner)
        {
            yield return next.Id;
        }

        yield return row.OrganizationId;
        if (row.CreatedWith is not null)
        {
            yield return row.CreatedWith;
        }
    }

    /// <summary>An expired credential does not count against the invitation: a job with a token of one hour may invite for a week.</summary>
    private static async Task<bool> IsGoodAsync(StoreReader store, string credentialId) =>
        await store.FirstOrDefaultAsync<string>("SELECT state FROM credentials WHERE id = @credentialId", new { credentialId }) == "active";

    /// <summary>The permissions of the credential; <c>null</c> = those of its owner, as of a client secret, which buys tokens for any API.</summary>
    private static async Task<GrantSet?> NamedAsync(StoreReader store, string credentialId) =>
        GrantSet.OfNullable(
            await store.FirstOrDefaultAsync<string>("SELECT permissions FROM credentials WHERE id = @credentialId", new { credentialId })
        );
}
