using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// Has a mutation keep the policies. It reads them in its transaction and stands on them: if one of them changes before COMMIT, the mutation is judged and run
/// again. So no credential is made after a policy that it breaks, on any replica (docs/decisions/0096-policies-bind-making.md).
/// </summary>
internal static class PolicyCheck
{
    /// <summary>The policies for a credential that acts in organizations, or in none.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="organizations">The organizations.</param>
    /// <param name="applicationId">The application that decides which organization it is, if that is not locked.</param>
    public static Task<CredentialPolicies> ReadAsync(
        OperationContext operation,
        IReadOnlyList<string> organizations,
        string? applicationId = null
    )
    {
        IEnumerable<string> facts = applicationId is null ? organizations : organizations.Append(applicationId);
        operation.Transaction.StandsOn(new Premise(operation.Caller.JudgedAt.Position, [PolicyStore.Server, .. facts]));
        return PolicyStore.OfAsync(operation.Transaction, organizations);
    }

    /// <summary>Requires that the policies allow a stored credential as it would be after the operation.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="resulting">The credential after it.</param>
    /// <param name="binding">The rules that the operation touches.</param>
    /// <param name="now">The time of the operation.</param>
    /// <returns>The policies, for <see cref="RequireRoomAsync"/>.</returns>
    /// <exception cref="ProblemException">422 <c>policy_violation</c>.</exception>
    public static async Task<CredentialPolicies> RequireAsync(
        OperationContext operation,
        CredentialRow resulting,
        BindingRules binding,
        DateTimeOffset now
    )
    {
        if (binding == BindingRules.None)
        {
            return CredentialPolicies.None;
        }

        var policies = await ReadAsync(
            operation,
            [.. resulting.Organizations],
            resulting.OwnerType == PrincipalType.Application ? resulting.OwnerId : null
        );
        policies.Require(new(resulting.Kind, resulting.Expiry, resulting.Terms.AllowedIps), now, binding);
        return policies;
    }

    /// <summary>Requires that a user does not have more live tokens than the policies allow, after a mutation that adds one.</summary>
    /// <param name="tx">The transaction, in which the token is live already. It holds the count of the user's credentials.</param>
    /// <param name="policies">The policies.</param>
    /// <param name="row">The token.</param>
    /// <param name="now">The time of the operation.</param>
    /// <exception cref="ProblemException">422 <c>policy_violation</c>.</exception>
    public static async Task RequireRoomAsync(WriteTransaction tx, CredentialPolicies policies, CredentialRow row, DateTimeOffset now)
    {
        if (row.Kind != CredentialKind.PersonalAccessToken)
        {
            return;
        }

        foreach (var (owner, limit) in policies.TokenLimits.OrderBy(limit => limit.Limit))
        {
            var organization = owner == PolicyStore.Server ? null : owner;
            var live = await PolicyStore.LiveTokensAsync(tx, row.OwnerId, organization, now.ToUnixTimeMilliseconds(), limit + 1);
            if (live > limit)
            {
                throw PolicyRule.Refusal(
                    new()
                    {
                        Rule = PolicyRule.MaxTokensPerUser,
                        Owner = owner,
                        Limit = limit,
                    },
                    row.Kind
                );
            }
        }
    }

    /// <summary>Requires that the policy of an organization allows every live credential of an application that comes to it.</summary>
    /// <param name="operation">The operation; it has locked the application.</param>
    /// <param name="applicationId">The application.</param>
    /// <param name="organizationId">The organization.</param>
    /// <param name="now">The time of the operation.</param>
    /// <exception cref="ProblemException">422 <c>policy_violation</c>.</exception>
    public static async Task RequireOfAllAsync(OperationContext operation, string applicationId, string organizationId, DateTimeOffset now)
    {
        // The policy of the server binds them already. They live on as they are, so that one that is stricter since then does not keep them here.
        var policies = (await ReadAsync(operation, [organizationId], applicationId)).Of(organizationId);
        if (policies.Policies.Count == 0)
        {
            return;
        }

        foreach (var live in await PolicyStore.HoldLiveOfAsync(operation.Transaction, applicationId, now.ToUnixTimeMilliseconds()))
        {
            policies.Require(live.Judged(), now, id: live.Id);
        }
    }
}
