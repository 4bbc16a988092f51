using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Features.Policies;

/// <summary>What the rules of a policy must look like.</summary>
internal static class CheckedRules
{
    private const int MostTokens = 100_000;
    private const int ShortestLife = 60;
    private const long LongestLife = 315_360_000;

    private const int MostDays = 3650;

    /// <param name="rules">The rules.</param>
    /// <param name="catalog">Knows the roles.</param>
    /// <returns>The same rules; a list without items is no rule.</returns>
    /// <exception cref="ProblemException">400 with every fault.</exception>
    public static PolicyRules Of(PolicyRules rules, Catalog catalog)
    {
        var check = new Validation();
        CheckKinds(check, "max_lifetimes", rules.MaxLifetimes?.Select(life => life?.Kind));
        check.Require(
            rules.MaxLifetimes?.All(life => life is null or { Seconds: >= ShortestLife and <= LongestLife }) is not false,
            "max_lifetimes",
            new FieldFault(
                "life_between",
                $"seconds must be from {ShortestLife} to {LongestLife}",
                ("least", DurationText.Write(TimeSpan.FromSeconds(ShortestLife))),
                ("most", DurationText.Write(TimeSpan.FromSeconds(LongestLife)))
            )
        );
        CheckKinds(check, "expiry_required", rules.ExpiryRequired);
        CheckKinds(check, "forbidden_kinds", rules.ForbiddenKinds);
        check.Require(rules.MaxTokensPerUser is null or (>= 1 and <= MostTokens), "max_tokens_per_user", Validation.Between(1, MostTokens));
        CheckBan(check, PolicyRule.InvitedAccounts, rules.InvitedAccounts);
        CheckBan(check, PolicyRule.Recoverable, rules.Recoverable);
        CheckApprovals(check, rules.ApprovalRequired, catalog);
        var networks = OrNull(rules.AllowedNetworks);
        check.IpRanges("allowed_networks", networks);
        check.ThrowIfAny();
        return new()
        {
            MaxLifetimes = OrNull(rules.MaxLifetimes),
            ExpiryRequired = OrNull(rules.ExpiryRequired),
            MaxTokensPerUser = rules.MaxTokensPerUser,
            ForbiddenKinds = OrNull(rules.ForbiddenKinds),
            AllowedNetworks = networks,
            InvitedAccounts = rules.InvitedAccounts,
            Recoverable = rules.Recoverable,
            ApprovalRequired = OrNull(rules.ApprovalRequired),
        };
    }

    private static void CheckApprovals(Validation check, IReadOnlyList<ApprovalRule>? approvals, Catalog catalog)
    {
        const string Member = PolicyRule.ApprovalRequired;
        CheckKinds(check, Member, approvals?.Select(rule => rule?.Kind));
        foreach (var rule in (approvals ?? []).OfType<ApprovalRule>().Take(100))
        {
            check.Require(
                rule.WithinRole is null == rule.WithinDays is null,
                Member,
                new FieldFault("role_and_days", "within_role and within_days come together")
            );
            check.Require(
                rule.WithinRole is null || CredentialRow.HasPermissions(rule.Kind),
                Member,
                $"within_role is for {CredentialKind.ApiKey} and {CredentialKind.PersonalAccessToken}: other kinds have no permissions of their own"
            );
            check.Require(
                rule.WithinRole is null || catalog.Role(rule.WithinRole) is not null,
                Member,
                new FieldFault(
                    "not_role",
                    $"'{Validation.Shown(rule.WithinRole)}' is not the id of a role; see GET /v1/roles",
                    ("value", Validation.Shown(rule.WithinRole))
                )
            );
            check.Require(
                rule.WithinDays is null or (>= 1 and <= MostDays),
                Member,
                new FieldFault("days_between", $"within_days must be from 1 to {MostDays}", ("least", 1), ("most", MostDays))
            );
        }
    }

    private static void CheckBan(Validation check, string member, string? value) =>
        check.Require(value is null or PolicyBan.Forbidden, member, $"must be {PolicyBan.Forbidden}; null removes the rule");

    private static IReadOnlyList<T>? OrNull<T>(IReadOnlyList<T>? list) => list is { Count: 0 } ? null : list;

    private static void CheckKinds(Validation check, string member, IEnumerable<string?>? kinds)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var kind in (kinds ?? []).Take(100))
        {
            check.Require(
                kind is not null && CredentialPolicies.Kinds.Contains(kind, StringComparer.Ordinal),
                member,
                $"'{Validation.Shown(kind)}' is none of {string.Join(", ", CredentialPolicies.Kinds)}"
            );
            check.Require(kind is null || seen.Add(kind), member, $"'{Validation.Shown(kind)}' stands twice");
        }
    }
}
