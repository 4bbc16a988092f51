using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>What policies and settings allow a new credential, for its form. The operation decides again when the form is sent.</summary>
public sealed class LimitsOfForms(Gate gate, TokenryOptions options)
{
    /// <param name="caller">The caller.</param>
    /// <param name="ownerId">The owner of the new credential.</param>
    /// <param name="kind">Its kind.</param>
    public Task<CredentialLimits> OfAsync(Caller caller, string ownerId, string kind) =>
        gate.ReadOneAsync(
            caller,
            demand: null,
            "policy.read",
            async read =>
            {
                StoreReader store = read.Connection;
                var organizationId = read.Caller.OrganizationId ?? await PrincipalStore.OrganizationOfAsync(store, ownerId);
                var policies = (await PolicyStore.OfAsync(store, organizationId)).Effective();
                var name = organizationId is null
                    ? null
                    : (await OrganizationStore.FactsAsync(store, organizationId))?.Name ?? organizationId;
                return Of(policies, kind, Whose) with { Approval = ApprovalOf(read, policies, kind, Whose) };

                RuleOwner Whose(string owner) => new(owner == PolicyStore.Server ? null : name);
            }
        );

    private CredentialLimits Of(EffectivePolicy policy, string kind, Func<string, RuleOwner> whose) =>
        new()
        {
            Longest = Shorter(
                policy.MaxLifetimes.Where(life => life.Kind == kind).Select(life => (life.Seconds, life.Owner)).FirstOrDefault(),
                kind == CredentialKind.PersonalAccessToken ? options.PersonalAccessTokens.MaxLifetime : null,
                whose
            ),
            MustExpire = Of(policy.ExpiryRequired, kind, whose),
            Forbidden = Of(policy.ForbiddenKinds, kind, whose),
            Networks = policy.AllowedNetworks is { } networks
                ? new(
                    [.. networks.Select(network => network.Network)],
                    whose(networks.Select(network => network.Owner).FirstOrDefault(PolicyStore.Server))
                )
                : null,
            Most =
                kind == CredentialKind.PersonalAccessToken && policy.MaxTokensPerUser is { } most
                    ? new(most.Limit, whose(most.Owner))
                    : null,
        };

    /// <summary>The demand of the server, or else that of the organization.</summary>
    private static ApprovalLimit? ApprovalOf(ReadContext read, EffectivePolicy policy, string kind, Func<string, RuleOwner> whose) =>
        policy.ApprovalRequired.FirstOrDefault(rule => rule.Kind == kind) is not { } rule
            ? null
            : new(
                whose(rule.Owner),
                ApprovalDemand.MayDecide(read.Caller, rule.Owner),
                rule is { WithinRole: { } role, WithinDays: { } days }
                    ? (RoleTexts.TitleOf(role, read.Catalog.Role(role)?.Name ?? role), days)
                    : null
            );

    private static OwnedLimit<TimeSpan>? Shorter((long Seconds, string Owner) rule, TimeSpan? setting, Func<string, RuleOwner> whose) =>
        rule.Seconds > 0 && (setting is null || rule.Seconds <= setting.Value.TotalSeconds)
            ? new(TimeSpan.FromSeconds(rule.Seconds), whose(rule.Owner))
        : setting is { } longest ? new(longest, new RuleOwner(null, IsSetting: true))
        : null;

    private static RuleOwner? Of(IReadOnlyList<EffectiveKind> rules, string kind, Func<string, RuleOwner> whose) =>
        rules.FirstOrDefault(rule => rule.Kind == kind) is { } rule ? whose(rule.Owner) : null;
}
