using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>
/// The rules of a policy. They bind what makes a credential or lets it live longer, and no check: a credential that breaks a rule keeps working until it
/// ends. A rule that is <c>null</c> does not exist. Body of <c>POST …/policy/preview</c>.
/// </summary>
public record PolicyRules
{
    /// <summary>The longest lives, each of one kind. A credential of such a kind must expire.</summary>
    public IReadOnlyList<MaxLifetime>? MaxLifetimes { get; init; }

    /// <summary>The kinds whose credentials must expire.</summary>
    public IReadOnlyList<string>? ExpiryRequired { get; init; }

    /// <summary>
    /// The most live personal access tokens that a user has, 1…100 000. The policy of the server counts all of them, that of an organization those that act in
    /// it.
    /// </summary>
    public int? MaxTokensPerUser { get; init; }

    /// <summary>The kinds of which no credential is made or prolonged.</summary>
    public IReadOnlyList<string>? ForbiddenKinds { get; init; }

    /// <summary>Addresses and CIDR ranges, 1…100. A credential names <c>allowed_ips</c>, and each of them lies within one of these.</summary>
    public IReadOnlyList<string>? AllowedNetworks { get; init; }

    /// <summary>
    /// <c>forbidden</c> = an invitation to an organization makes no account: the invited person signs in with an account that exists. The policy of the server
    /// binds all invitations, that of an organization those to it.
    /// </summary>
    public string? InvitedAccounts { get; init; }

    /// <summary>
    /// <c>forbidden</c> = no API key is made recoverable and none is revealed. A rotation of a key that is recoverable keeps no copy of the new secret.
    /// </summary>
    public string? Recoverable { get; init; }

    /// <summary>
    /// The kinds whose credentials work only once another person has approved them. A caller who may approve what it makes has it approved at once.
    /// </summary>
    public IReadOnlyList<ApprovalRule>? ApprovalRequired { get; init; }
}

/// <summary>A kind of credential that needs an approval. Both <c>within</c> members together name what the server approves at once; or neither is there.</summary>
/// <param name="Kind">A kind of credential, except <c>access_token</c>.</param>
/// <param name="WithinRole"><c>rol_…</c>: every permission of the credential is one of this role. Only for API keys and personal access tokens.</param>
/// <param name="WithinDays">Its life is no longer than this many days, 1…3650.</param>
public sealed record ApprovalRule(string Kind, string? WithinRole = null, int? WithinDays = null);

/// <summary>The value of a rule that forbids something by its name.</summary>
public static class PolicyBan
{
    /// <summary>The one value.</summary>
    public const string Forbidden = "forbidden";
}

/// <summary>The longest life of a kind of credential.</summary>
/// <param name="Kind">A kind of credential, except <c>access_token</c>.</param>
/// <param name="Seconds">
/// How far <c>expires_at</c> may lie ahead when the credential is created, rotated, renewed, enabled, or gets another <c>expires_at</c>; 60…315 360 000.
/// </param>
public sealed record MaxLifetime(string Kind, long Seconds);

/// <summary>The policy of the server or of an organization.</summary>
public sealed record Policy : PolicyRules
{
    /// <summary>Whose policy it is: <c>server</c> or <c>org_…</c>.</summary>
    public required string Owner { get; init; }

    /// <summary>The rules that bind credentials there: of each rule the stricter one, with its owner.</summary>
    public required EffectivePolicy Effective { get; init; }
}

/// <summary>
/// Body of <c>PATCH /v1/policy</c> and <c>PATCH /v1/organizations/{id}/policy</c>: absent rules stay, <c>null</c> removes a rule, a list replaces the list.
/// </summary>
public sealed record PolicyPatch
{
    /// <inheritdoc cref="PolicyRules.MaxLifetimes"/>
    public Optional<IReadOnlyList<MaxLifetime>?> MaxLifetimes { get; init; }

    /// <inheritdoc cref="PolicyRules.ExpiryRequired"/>
    public Optional<IReadOnlyList<string>?> ExpiryRequired { get; init; }

    /// <inheritdoc cref="PolicyRules.MaxTokensPerUser"/>
    public Optional<int?> MaxTokensPerUser { get; init; }

    /// <inheritdoc cref="PolicyRules.ForbiddenKinds"/>
    public Optional<IReadOnlyList<string>?> ForbiddenKinds { get; init; }

    /// <inheritdoc cref="PolicyRules.AllowedNetworks"/>
    public Optional<IReadOnlyList<string>?> AllowedNetworks { get; init; }

    /// <inheritdoc cref="PolicyRules.InvitedAccounts"/>
    public Optional<string?> InvitedAccounts { get; init; }

    /// <inheritdoc cref="PolicyRules.Recoverable"/>
    public Optional<string?> Recoverable { get; init; }

    /// <inheritdoc cref="PolicyRules.ApprovalRequired"/>
    public Optional<IReadOnlyList<ApprovalRule>?> ApprovalRequired { get; init; }
}

/// <summary>The rules of the server and of an organization together.</summary>
public sealed record EffectivePolicy
{
    /// <summary>Of each kind the shortest of the longest lives.</summary>
    public required IReadOnlyList<EffectiveLifetime> MaxLifetimes { get; init; }

    /// <summary>The kinds whose credentials must expire.</summary>
    public required IReadOnlyList<EffectiveKind> ExpiryRequired { get; init; }

    /// <summary>The lowest limit; <c>null</c> = none.</summary>
    public required EffectiveLimit? MaxTokensPerUser { get; init; }

    /// <summary>The kinds of which no credential is made or prolonged.</summary>
    public required IReadOnlyList<EffectiveKind> ForbiddenKinds { get; init; }

    /// <summary>The networks that every policy allows; <c>null</c> = every network, empty = none.</summary>
    public required IReadOnlyList<EffectiveNetwork>? AllowedNetworks { get; init; }

    /// <summary>Whether invitations make no account; <c>null</c> = they may.</summary>
    public required EffectiveBan? InvitedAccounts { get; init; }

    /// <summary>Whether no API key is made recoverable and none is revealed; <c>null</c> = they may be.</summary>
    public required EffectiveBan? Recoverable { get; init; }

    /// <summary>The rules that demand an approval. A credential is approved at once only if it lies within every rule of its kind.</summary>
    public required IReadOnlyList<EffectiveApproval> ApprovalRequired { get; init; }
}

/// <summary>A rule that demands an approval, and whose it is: the administrators of its owner approve, and those of the server.</summary>
/// <param name="Kind">A kind of credential.</param>
/// <param name="WithinRole">The role within which the server approves at once; <c>null</c> = it approves nothing.</param>
/// <param name="WithinDays">The longest life with which it does.</param>
/// <param name="Owner"><c>server</c> or <c>org_…</c></param>
public sealed record EffectiveApproval(string Kind, string? WithinRole, int? WithinDays, string Owner);

/// <summary>A longest life and whose rule it is.</summary>
/// <param name="Kind">A kind of credential.</param>
/// <param name="Seconds">How far <c>expires_at</c> may lie ahead.</param>
/// <param name="Owner"><c>server</c> or <c>org_…</c></param>
public sealed record EffectiveLifetime(string Kind, long Seconds, string Owner);

/// <summary>A kind and whose rule names it.</summary>
/// <param name="Kind">A kind of credential.</param>
/// <param name="Owner"><c>server</c> or <c>org_…</c></param>
public sealed record EffectiveKind(string Kind, string Owner);

/// <summary>A limit and whose rule it is.</summary>
/// <param name="Limit">How many live personal access tokens a user has at most.</param>
/// <param name="Owner"><c>server</c> or <c>org_…</c></param>
public sealed record EffectiveLimit(int Limit, string Owner);

/// <summary>A network and whose rule names it.</summary>
/// <param name="Network">An address or a CIDR range.</param>
/// <param name="Owner"><c>server</c> or <c>org_…</c></param>
public sealed record EffectiveNetwork(string Network, string Owner);

/// <summary>A ban and whose rule it is.</summary>
/// <param name="Value">A value of <see cref="PolicyBan"/>.</param>
/// <param name="Owner"><c>server</c> or <c>org_…</c></param>
public sealed record EffectiveBan(string Value, string Owner);

/// <summary>A rule that a credential breaks, and what the rule allows.</summary>
public sealed record PolicyViolation
{
    /// <summary>
    /// The rule: <c>max_lifetimes</c>, <c>expiry_required</c>, <c>max_tokens_per_user</c>, <c>forbidden_kinds</c>, <c>allowed_networks</c>,
    /// <c>invited_accounts</c>, <c>recoverable</c> or <c>approval_required</c>.
    /// </summary>
    public required string Rule { get; init; }

    /// <summary>Whose policy has the rule: <c>server</c> or <c>org_…</c>.</summary>
    public required string Owner { get; init; }

    /// <summary>With <c>max_lifetimes</c>: the latest <c>expires_at</c> that the policies allow now.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? LatestExpiresAt { get; init; }

    /// <summary>With <c>max_tokens_per_user</c>: the limit.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Limit { get; init; }

    /// <summary>With <c>allowed_networks</c>: the networks that the rule allows.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? AllowedNetworks { get; init; }
}

/// <summary>A live credential that a proposed policy would not let anyone make or prolong as it is.</summary>
public sealed record PolicyBreach
{
    /// <summary>The credential's id.</summary>
    public required string Id { get; init; }

    /// <summary>A kind of credential.</summary>
    public required string Kind { get; init; }

    /// <inheritdoc cref="Credential.Name"/>
    public required string Name { get; init; }

    /// <inheritdoc cref="Credential.Owner"/>
    public required CredentialOwner Owner { get; init; }

    /// <inheritdoc cref="Credential.OrganizationId"/>
    public string? OrganizationId { get; init; }

    /// <inheritdoc cref="Credential.ExpiresAt"/>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <inheritdoc cref="Credential.AllowedIps"/>
    public IReadOnlyList<string>? AllowedIps { get; init; }

    /// <summary>The rules that it breaks; at least one.</summary>
    public required IReadOnlyList<PolicyViolation> Breaks { get; init; }
}
