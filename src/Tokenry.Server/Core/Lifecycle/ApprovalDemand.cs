using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// What policies demand an approval of, and who may give it. A credential is pending from its creation on, or never: neither a policy nor a change makes one that
/// exists wait (docs/decisions/0103-approvals.md).
/// </summary>
public static class ApprovalDemand
{
    public const int LongestJustification = 500;

    private const string ByMaker = "by who made it";
    private const string ByRule = "within the rule of the policy";

    /// <summary>
    /// Whether a caller decides what that policy demands an approval of: an administrator of the server, or of the organization while it acts there. So no
    /// administrator of an organization can waive what the server demands.
    /// </summary>
    /// <param name="caller">The caller.</param>
    /// <param name="demandedBy">The owner of the policy.</param>
    public static bool MayDecide(Caller caller, string demandedBy) =>
        caller.OrganizationId is { } there
            ? demandedBy == there && caller.Management.Contains(ManagementApi.OrganizationApprovals)
            : caller.Management.Contains(ManagementApi.ApprovalsWrite);

    /// <summary>A new credential as it comes into being: pending, if a policy demands an approval that nothing gives at once.</summary>
    /// <param name="operation">The operation that makes it.</param>
    /// <param name="policies">The policies that bind it.</param>
    /// <param name="row">The credential.</param>
    /// <param name="justification">Why it is needed.</param>
    /// <exception cref="ProblemException">422 <c>policy_violation</c>: it needs a justification.</exception>
    internal static CredentialRow Judge(OperationContext operation, CredentialPolicies policies, CredentialRow row, string? justification)
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds(row.CreatedAt);
        if (Of(policies, operation.Catalog, row, now) is not { } demand)
        {
            return row;
        }

        var isByMaker = !demand.IsMet && MayDecide(operation.Caller, demand.Owner);
        var isPending = !demand.IsMet && !isByMaker;
        if (isPending && justification is null)
        {
            throw PolicyRule.Refusal(new() { Rule = PolicyRule.ApprovalRequired, Owner = demand.Owner }, row.Kind);
        }

        return row with
        {
            State = isPending ? "disabled" : row.State,
            ApprovalId = PublicId.Create(ApprovalStore.IdPrefix, PublicId.NewUuid7(now)),
            ApprovalState = isPending ? ApprovalState.Pending : ApprovalState.Approved,
            DemandedBy = demand.Owner,
            Justification = justification,
            DecidedAt = isPending ? null : row.CreatedAt,
            DecidedBy = isByMaker ? operation.Caller.Principal.Id : null,
        };
    }

    /// <summary>A credential that replaces an approved one and may do no more: the approval goes on.</summary>
    internal static CredentialRow Inherit(CredentialRow next, CredentialRow replaced) =>
        replaced.ApprovalState != ApprovalState.Approved
            ? next
            : next with
            {
                ApprovalId = PublicId.Create(
                    ApprovalStore.IdPrefix,
                    PublicId.NewUuid7(DateTimeOffset.FromUnixTimeMilliseconds(next.CreatedAt))
                ),
                ApprovalState = ApprovalState.Approved,
                DemandedBy = replaced.DemandedBy,
                Justification = replaced.Justification,
                DecidedAt = replaced.DecidedAt,
                DecidedBy = replaced.DecidedBy,
            };

    /// <summary>By what a new credential was approved at once; <c>null</c> = it was not, or needed no approval.</summary>
    internal static string? AtOnce(CredentialRow made) =>
        made.ApprovalState != ApprovalState.Approved ? null
        : made.DecidedBy is null ? ByRule
        : ByMaker;

    /// <summary>
    /// Refuses a change that gives a credential more than it had, where the policies demand an approval of what it would be: a change has no queue, and a new
    /// credential has one. A change that gives no more is not looked at.
    /// </summary>
    /// <param name="operation">The operation.</param>
    /// <param name="before">The credential.</param>
    /// <param name="after">The credential after it.</param>
    /// <param name="now">The time of the operation.</param>
    /// <exception cref="ProblemException">422 <c>policy_violation</c>.</exception>
    internal static async Task RequireForGrowthAsync(
        OperationContext operation,
        CredentialRow before,
        CredentialRow after,
        DateTimeOffset now
    )
    {
        if (Grows(operation.Catalog, before, after))
        {
            var policies = await PolicyCheck.ReadAsync(
                operation,
                [.. after.Organizations],
                after.OwnerType == PrincipalType.Application ? after.OwnerId : null
            );
            Require(operation, policies, after, now);
        }
    }

    /// <summary>Refuses to enable a credential that was never approved, where the policies demand it now.</summary>
    /// <inheritdoc cref="RequireForGrowthAsync"/>
    /// <param name="operation">The operation.</param>
    /// <param name="policies">The policies that bind it.</param>
    /// <param name="row">The credential.</param>
    /// <param name="now">The time of the operation.</param>
    internal static void RequireToWake(OperationContext operation, CredentialPolicies policies, CredentialRow row, DateTimeOffset now)
    {
        if (row.ApprovalState != ApprovalState.Approved)
        {
            Require(operation, policies, row, now);
        }
    }

    private static void Require(OperationContext operation, CredentialPolicies policies, CredentialRow row, DateTimeOffset now)
    {
        if (Of(policies, operation.Catalog, row, now) is { IsMet: false } demand && !MayDecide(operation.Caller, demand.Owner))
        {
            throw PolicyRule.Unapproved(demand.Owner, row.Kind);
        }
    }

    /// <summary>What the policies demand; <c>null</c> = nothing. The server's demand counts first: its administrators decide for the organization too.</summary>
    private static Demanded? Of(CredentialPolicies policies, Catalog catalog, CredentialRow row, DateTimeOffset now)
    {
        var rules = policies.Approvals(row.Kind).ToList();
        return rules.Count == 0 ? null
            : rules.Find(rule => !Meets(catalog, rule, row, now)) is not { } open ? new(rules[0].Owner, IsMet: true)
            // No single organization decides about a token that acts in others too.
            : new(row.OrganizationId is null ? PolicyStore.Server : open.Owner, IsMet: false);
    }

    /// <summary>Whether a credential lies within what a rule approves at once. One that follows its owner can grow beyond it.</summary>
    private static bool Meets(Catalog catalog, EffectiveApproval rule, CredentialRow row, DateTimeOffset now) =>
        rule is { WithinRole: { } role, WithinDays: { } days }
        && row.Expiry <= now.AddDays(days)
        && CredentialRow.HasPermissions(row.Kind)
        && GrantSet.OfNullable(row.Permissions) is { } named
        && Rights
            .OfGrants(catalog, [named, .. named.Organizations.Select(there => there.Grants)])
            .Except(Rights.OfRoles(catalog, [role]))
            .IsEmpty;

    private static bool Grows(Catalog catalog, CredentialRow before, CredentialRow after) =>
        (before.ExpiresAt is { } end && !(after.ExpiresAt <= end))
        || (before.NotBefore is { } start && !(after.NotBefore >= start))
        || (before.Permissions != after.Permissions && NamesMore(catalog, before, after))
        || !Covers(before.Terms.Objects, after.Terms.Objects)
        || TermFacts.Of(before.StoredTerms).Exceeded(after.Terms) is not null
        || (UseLimit.Of(before.Terms.RateLimits) ?? []).Any(limit => !MintingRule.Covers(limit, UseLimit.Of(after.Terms.RateLimits)))
        || (before.Terms.RequestSigning == RequestSigning.Required && after.Terms.RequestSigning != RequestSigning.Required);

    private static bool NamesMore(Catalog catalog, CredentialRow before, CredentialRow after)
    {
        if (GrantSet.OfNullable(after.Permissions) is not { } named)
        {
            return true; // from now on it grows with its owner
        }

        var known = GrantSet.OfNullable(before.Permissions);
        if (named.Organizations.Any(there => !Rights.OfGrants(catalog, there.Grants).Except(There(there.OrganizationId)).IsEmpty))
        {
            return true;
        }

        var all = Rights.OfGrants(catalog, named);
        return known is { } approved
            ? !all.Except(Rights.OfGrants(catalog, approved)).IsEmpty
            // It followed its owner, at other APIs than ours.
            : !all.At(ManagementApi.Identifier).IsEmpty;

        PermissionSet There(string organization) =>
            Rights.OfGrants(catalog, known?.Names(organization) == true ? known.In(organization) : null);
    }

    private static bool Covers(IReadOnlyList<string>? before, IReadOnlyList<string>? after) =>
        before is null
        || (
            after is not null
            && after.All(text =>
                before.Contains(text, StringComparer.Ordinal)
                || (
                    ObjectPattern.TryParse(text, out var pattern)
                    && before.Any(wide => ObjectPattern.TryParse(wide, out var covering) && covering.Covers(pattern))
                )
            )
        );

    /// <param name="Owner">The owner of the policy that demands it.</param>
    /// <param name="IsMet">Whether every rule approves it at once.</param>
    private sealed record Demanded(string Owner, bool IsMet);
}
