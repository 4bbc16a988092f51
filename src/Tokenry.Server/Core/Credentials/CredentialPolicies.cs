using System.Net;
using Tokenry.Protocol.Api;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Core.Credentials;

/// <summary>A credential as policies judge it.</summary>
/// <param name="Kind">One of <see cref="CredentialKind"/>.</param>
/// <param name="ExpiresAt">Its expiry; <c>null</c> = never.</param>
/// <param name="AllowedIps">Its networks; <c>null</c> = everywhere.</param>
/// <param name="IsRecoverable">Whether the server keeps a sealed copy of its secret.</param>
public sealed record JudgedCredential(
    string Kind,
    DateTimeOffset? ExpiresAt,
    IReadOnlyList<string>? AllowedIps,
    bool IsRecoverable = false
);

/// <summary>The rules of one policy, and whose they are.</summary>
/// <param name="Owner"><see cref="PolicyStore.Server"/> or the id of an organization.</param>
/// <param name="Rules">The rules.</param>
public sealed record OwnedRules(string Owner, PolicyRules Rules);

/// <summary>The rules that an operation must keep: those that it touches.</summary>
[Flags]
public enum BindingRules
{
    None = 0,
    Kind = 1,
    Expiry = 2,
    Networks = 4,

    /// <summary>Whether the server may keep a copy of the secret.</summary>
    Recovery = 8,

    /// <summary>For an operation that lets a credential live longer.</summary>
    All = Kind | Expiry | Networks,

    /// <summary>For an operation that makes a credential.</summary>
    OfNew = All | Recovery,
}

/// <summary>The policies that bind a credential. It must keep the rules of each, so that of each rule the stricter one decides.</summary>
/// <param name="policies">That of the server and that of the credential's organization.</param>
public sealed class CredentialPolicies(IReadOnlyList<OwnedRules> policies)
{
    /// <summary>No rules.</summary>
    public static readonly CredentialPolicies None = new([]);

    /// <summary>The kinds that a rule can name.</summary>
    public static readonly IReadOnlyList<string> Kinds = [.. CredentialFamily.All.SelectMany(family => family.Kinds)];

    public IReadOnlyList<OwnedRules> Policies => policies;

    /// <summary>Only the policy of that owner.</summary>
    public CredentialPolicies Of(string owner) => new([.. policies.Where(policy => policy.Owner == owner)]);

    /// <summary>The policies that limit how many personal access tokens a user has.</summary>
    public IEnumerable<(string Owner, int Limit)> TokenLimits =>
        policies
            .Where(policy => policy.Rules.MaxTokensPerUser is not null)
            .Select(policy => (policy.Owner, policy.Rules.MaxTokensPerUser!.Value));

    /// <summary>The latest expiry that a credential of that kind can get now; <c>null</c> = any.</summary>
    public DateTimeOffset? Latest(string kind, DateTimeOffset now) => Shortest(kind) is { } life ? now.AddSeconds(life.Seconds) : null;

    /// <summary>The rules that a credential breaks, the first of each sort. The number of tokens is not among them: it takes a count.</summary>
    public IEnumerable<PolicyViolation> Breaks(JudgedCredential credential, DateTimeOffset now, BindingRules binding = BindingRules.OfNew)
    {
        if (binding.HasFlag(BindingRules.Recovery) && credential.IsRecoverable && ForbidsRecoverable is { } sealing)
        {
            yield return new() { Rule = PolicyRule.Recoverable, Owner = sealing };
        }

        if (binding.HasFlag(BindingRules.Kind) && policies.FirstOrDefault(policy => Names(policy.Rules.ForbiddenKinds)) is { } forbidding)
        {
            yield return new() { Rule = PolicyRule.ForbiddenKinds, Owner = forbidding.Owner };
        }

        if (binding.HasFlag(BindingRules.Expiry))
        {
            if (Shortest(credential.Kind) is { } life && !(credential.ExpiresAt <= now.AddSeconds(life.Seconds)))
            {
                yield return new()
                {
                    Rule = PolicyRule.MaxLifetimes,
                    Owner = life.Owner,
                    LatestExpiresAt = now.AddSeconds(life.Seconds),
                };
            }
            else if (credential.ExpiresAt is null && policies.FirstOrDefault(policy => Names(policy.Rules.ExpiryRequired)) is { } requiring)
            {
                yield return new() { Rule = PolicyRule.ExpiryRequired, Owner = requiring.Owner };
            }
        }

        if (
            binding.HasFlag(BindingRules.Networks)
            && policies.FirstOrDefault(policy => !AreWithin(credential.AllowedIps, policy.Rules.AllowedNetworks)) is { } narrow
        )
        {
            yield return new()
            {
                Rule = PolicyRule.AllowedNetworks,
                Owner = narrow.Owner,
                AllowedNetworks = narrow.Rules.AllowedNetworks,
            };
        }

        bool Names(IReadOnlyList<string>? kinds) => kinds?.Contains(credential.Kind, StringComparer.Ordinal) == true;
    }

    /// <summary>Refuses a credential that breaks a rule.</summary>
    /// <param name="credential">The credential as it would be.</param>
    /// <param name="now">Longest lives count from here.</param>
    /// <param name="binding">Which rules count.</param>
    /// <param name="id">The credential, where the request does not name it.</param>
    /// <exception cref="ProblemException">422 <c>policy_violation</c>.</exception>
    public void Require(JudgedCredential credential, DateTimeOffset now, BindingRules binding = BindingRules.OfNew, string? id = null)
    {
        if (Breaks(credential, now, binding).FirstOrDefault() is { } broken)
        {
            throw PolicyRule.Refusal(broken, credential.Kind, id);
        }
    }

    /// <summary>The same rules as an answer shows them.</summary>
    public EffectivePolicy Effective() =>
        new()
        {
            MaxLifetimes = [.. Kinds.Select(Shortest).OfType<EffectiveLifetime>()],
            ExpiryRequired = [.. First(rules => rules.ExpiryRequired)],
            MaxTokensPerUser = TokenLimits
                .OrderBy(limit => limit.Limit)
                .Select(limit => new EffectiveLimit(limit.Limit, limit.Owner))
                .FirstOrDefault(),
            ForbiddenKinds = [.. First(rules => rules.ForbiddenKinds)],
            AllowedNetworks = Networks(),
            InvitedAccounts = Ban(rules => rules.InvitedAccounts),
            Recoverable = Ban(rules => rules.Recoverable),
            ApprovalRequired = [.. Kinds.SelectMany(Approvals)],
        };

    /// <summary>The rules that demand an approval of credentials of a kind, that of the server first.</summary>
    public IEnumerable<EffectiveApproval> Approvals(string kind) =>
        policies.SelectMany(policy =>
            (policy.Rules.ApprovalRequired ?? [])
                .Where(rule => rule.Kind == kind)
                .Select(rule => new EffectiveApproval(kind, rule.WithinRole, rule.WithinDays, policy.Owner))
        );

    /// <summary>Whose policy forbids that invitations make accounts; <c>null</c> = none does.</summary>
    public string? ForbidsInvitedAccounts => Ban(rules => rules.InvitedAccounts)?.Owner;

    /// <summary>Whose policy forbids that secrets are kept and revealed; <c>null</c> = none does.</summary>
    public string? ForbidsRecoverable => Ban(rules => rules.Recoverable)?.Owner;

    private EffectiveBan? Ban(Func<PolicyRules, string?> rule) =>
        policies
            .Where(policy => rule(policy.Rules) == PolicyBan.Forbidden)
            .Select(policy => new EffectiveBan(PolicyBan.Forbidden, policy.Owner))
            .FirstOrDefault();

    private EffectiveLifetime? Shortest(string kind) =>
        policies
            .SelectMany(policy =>
                (policy.Rules.MaxLifetimes ?? [])
                    .Where(life => life.Kind == kind)
                    .Select(life => new EffectiveLifetime(kind, life.Seconds, policy.Owner))
            )
            .MinBy(life => life.Seconds);

    private IEnumerable<EffectiveKind> First(Func<PolicyRules, IReadOnlyList<string>?> kinds) =>
        from kind in Kinds
        let policy = policies.FirstOrDefault(policy => kinds(policy.Rules)?.Contains(kind, StringComparer.Ordinal) == true)
        where policy is not null
        select new EffectiveKind(kind, policy.Owner);

    /// <summary>Of two ranges one contains the other, or they have nothing in common: the networks of all policies are the ranges of one within all others.</summary>
    private List<EffectiveNetwork>? Networks()
    {
        var naming = policies.Where(policy => policy.Rules.AllowedNetworks is not null).ToList();
        return naming.Count == 0
            ? null
            :
            [
                .. naming
                    .SelectMany(policy => policy.Rules.AllowedNetworks!.Select(network => new EffectiveNetwork(network, policy.Owner)))
                    .Where(network => naming.TrueForAll(policy => AreWithin([network.Network], policy.Rules.AllowedNetworks)))
                    .DistinctBy(network => network.Network, StringComparer.Ordinal),
            ];
    }

    private static bool AreWithin(IReadOnlyList<string>? ranges, IReadOnlyList<string>? allowed)
    {
        if (allowed is null)
        {
            return true;
        }

        var wide = allowed.Select(Network).OfType<IPNetwork>().ToList();
        return ranges is not null
            && ranges.All(text =>
                Network(text) is { } range
                && wide.Exists(network => network.PrefixLength <= range.PrefixLength && network.Contains(range.BaseAddress))
            );
    }

    private static IPNetwork? Network(string text) => TokenryOptions.TryParseNetwork(text, out var network) ? network : null;
}
