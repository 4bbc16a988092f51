using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// PATCH: absent members keep their values. The minting rule checks the resulting credential, so that an update cannot do what a create may not.
/// </summary>
public sealed class ReviseCredential(Gate gate, ExpiryPolicy expiry, Caps caps, TimeProvider time)
{
    public async Task<Credential> RunAsync(Caller caller, CredentialAddress address, CredentialPatch patch)
    {
        return await gate.WriteAsync(
            caller,
            address.Family.WriteOnlyThese,
            $"{address.Family.Noun}.updated",
            async operation =>
            {
                var (tx, entry, caller, reach, catalog) = operation;
                var row = await address.FindAsync(tx, reach);
                entry.TargetType = row.Kind;
                entry.TargetId = row.Id;
                entry.OrganizationId = row.OrganizationId;
                if (row.State == "revoked" || row.IsPending)
                {
                    throw CredentialProblems.NotActive(row);
                }

                if (patch.Permissions.IsPresent && patch.Permissions.Or(null) is null && CredentialRow.HasPermissions(row.Kind))
                {
                    throw ProblemException.Invalid(
                        "permissions",
                        "is null; name them, send [] for none, or \"owner\" for all that the owner may do at other APIs, now and later"
                    );
                }

                CheckSigning(row, patch);
                CheckRecoverable(row, patch);
                var now = time.GetUtcNow();
                var known = GrantSet.OfNullable(row.Permissions);
                var draft = new CredentialDraft
                {
                    Name = patch.Name.Or(row.Name) ?? "",
                    Permissions = patch.Permissions.Or(null),
                    Organizations = OrganizationsOf(row, patch),
                    Grants =
                        patch.Permissions.IsPresent ? null
                        : patch.Organizations.IsPresent ? known?.With([]).ToColumn()
                        : row.Permissions,
                    ExpiresAt = patch.ExpiresAt.Or(row.Expiry),
                    NotBefore = patch.NotBefore.Or(row.NotBefore is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null),
                    Terms = row.Terms.Revised(patch),
                }.Checked(catalog, row.Kind, patch.Objects.IsPresent);
                if (patch.ExpiresAt.IsPresent)
                {
                    expiry.Check(row.Kind, draft.ExpiresAt, now);
                }

                if (patch.RateLimits.IsPresent && !reach.IsAll)
                {
                    RefuseWider(row.Terms.RateLimits, draft.Terms.RateLimits);
                }

                var owner = await PrincipalStore.FactsAsync(tx, row.OwnerId, row.ActsIn);
                draft = patch.Organizations.IsPresent ? draft.InOrganizations(catalog, owner) : draft.Keeping(known?.Organizations);
                var there = patch.Organizations.IsPresent ? Given(known, GrantSet.OfNullable(draft.Grants)) : [];
                var resulting = IssueCredential.Minted(owner, row.Kind, draft) with { IsAsStrong = IsAsStrong(patch) && there.Count == 0 };
                if (patch.Permissions.IsPresent || there.Count > 0)
                {
                    MintingRule.Check(catalog, caller, reach, resulting);
                }
                else
                {
                    MintingRule.CheckExisting(catalog, caller, reach, resulting);
                }

                var next = row with
                {
                    Name = draft.Name,
                    Permissions = draft.Grants,
                    ExpiresAt = draft.ExpiresAt?.ToUnixTimeMilliseconds(),
                    NotBefore = draft.NotBefore?.ToUnixTimeMilliseconds(),
                    Terms = draft.Terms,
                };
                string[] joined = [.. there.Where(id => known?.Names(id) != true)];
                var binding =
                    joined.Length > 0 ? BindingRules.All
                    : there.Count > 0 ? BindingRules.Kind
                    : BindingRules.None;
                var policies = await PolicyCheck.RequireAsync(operation, next, binding | Binding(row, next, patch), now);
                await ApprovalDemand.RequireForGrowthAsync(operation, row, next, now);
                await CredentialStore.ReviseAsync(tx, next, now.ToUnixTimeMilliseconds());
                if (next.IsRecoverable != row.IsRecoverable)
                {
                    await RecoverableSecretStore.DeleteAsync(tx, [row.Id]);
                }

                if (joined.Length > 0)
                {
                    await CredentialCounts.HoldAsync(tx, row.OwnerId);
                }

                foreach (var organization in joined)
                {
                    await PolicyCheck.RequireRoomAsync(tx, policies.Of(organization), next, now);
                }

                var at = now.ToUnixTimeMilliseconds();
                if (row.ExpiresAt <= at && !(draft.ExpiresAt <= now))
                {
                    await caps.CheckRevivedAsync(tx, row.OwnerId, row.OwnerType, at);
                    await PolicyCheck.RequireRoomAsync(tx, policies, next, now);
                }

                var revised = (await CredentialStore.FindAsync(tx, row.Id))!.ToCredential(catalog, at);
                entry.Changes = AuditChanges.Between(row.ToCredential(catalog, at), revised);
                return revised;
            }
        );
    }

    private static IReadOnlyList<OrganizationPermissions>? OrganizationsOf(CredentialRow row, CredentialPatch patch) =>
        CredentialDraft.OrganizationsOf(
            patch.Organizations.Or(null),
            row.Kind,
            row.OrganizationId,
            patch.Permissions.IsPresent ? patch.Permissions.Or(null) is { Named: null } : row.FollowsOwner
        );

    /// <summary>
    /// The organizations in which it gets grants that it did not have there. To name one that it did not name is to make a token for it; one that it leaves is
    /// never refused for the others.
    /// </summary>
    private static IReadOnlyList<string> Given(GrantSet? before, GrantSet? after) =>
        [
            .. (after?.Organizations ?? [])
                .Where(there =>
                    before?.Names(there.OrganizationId) != true || before.In(there.OrganizationId).ToColumn() != there.Grants.ToColumn()
                )
                .Select(there => there.OrganizationId),
        ];

    /// <summary>
    /// The rules of policies that a PATCH must keep: all if the credential lives longer after it, otherwise those of the members that it names. So a PATCH that
    /// only renames or shortens is never refused for another member.
    /// </summary>
    private static BindingRules Binding(CredentialRow before, CredentialRow after, CredentialPatch patch) =>
        before.ExpiresAt is { } end && !(after.ExpiresAt <= end)
            ? BindingRules.All
            : (patch.ExpiresAt.IsPresent ? BindingRules.Expiry : BindingRules.None)
                | (patch.AllowedIps.IsPresent ? BindingRules.Networks : BindingRules.None)
                | (
                    patch.Permissions.IsPresent || patch.NotBefore.IsPresent || CredentialTerms.AreBoundsIn(patch)
                        ? BindingRules.Kind
                        : BindingRules.None
                );

    private static bool IsAsStrong(CredentialPatch patch) =>
        !patch.Permissions.IsPresent && !patch.ExpiresAt.IsPresent && !CredentialTerms.AreBoundsIn(patch);

    /// <summary>A caller may change whether the credential must sign; the creation of its secret decided whether it can.</summary>
    private static void CheckSigning(CredentialRow row, CredentialPatch patch)
    {
        var signing = patch.RequestSigning.Or(row.Signing);
        if (
            signing != row.Signing
            && !(
                row.Signing is RequestSigning.Optional or RequestSigning.Required
                && signing is RequestSigning.Optional or RequestSigning.Required
            )
        )
        {
            throw ProblemException.Invalid(
                "request_signing",
                "changes between optional and required; a key gets a signing key when it is created"
            );
        }
    }

    /// <summary>The server has the secret in clear only when it makes it.</summary>
    private static void CheckRecoverable(CredentialRow row, CredentialPatch patch)
    {
        if (patch.Recoverable.Or(null) == true && row.IsRecoverable != true)
        {
            throw ProblemException.Invalid(
                "recoverable",
                "changes from true to false only; an API key becomes recoverable when it is created"
            );
        }
    }

    /// <summary>
    /// A caller bound by a limit cannot lift it: each limit stays, by name and window, and gets no higher. A caller that may write all credentials can lift
    /// it.
    /// </summary>
    private static void RefuseWider(IReadOnlyList<RateLimit>? before, IReadOnlyList<RateLimit>? after)
    {
        var kept = UseLimit.Of(after);
        foreach (var limit in UseLimit.Of(before) ?? [])
        {
            if (
                kept?.FirstOrDefault(other => other.Name == limit.Name && other.Span == limit.Span) is not { } same
                || same.Limit > limit.Limit
            )
            {
                throw Problems.ExceedsOwn($"The limit {limit.Name} stays at {limit.Limit} or below.");
            }
        }
    }
}
