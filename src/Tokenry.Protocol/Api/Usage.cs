using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>How often something was decided in one minute or hour; what a list does not group by is absent.</summary>
public sealed record UsageCount
{
    /// <summary>When the minute or hour began.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The credential; empty where it is not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CredentialId { get; init; }

    /// <summary>Its owner; empty where it is not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Subject { get; init; }

    /// <summary>The API resource's identifier; empty where none was named.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Api { get; init; }

    /// <summary>A scope that was needed, or issued; only where it is grouped by, and then a use counts for each of its scopes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Scope { get; init; }

    /// <summary>A verification code, or <c>issued</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    /// <summary>How often.</summary>
    public required long Count { get; init; }
}

/// <summary>One decision at a door, or one issued token.</summary>
public sealed record AccessEntry
{
    /// <summary><c>acc_…</c></summary>
    public required string Id { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>
    /// <c>verify</c>, <c>forward_auth</c>, <c>introspection</c>, <c>management</c>, <c>client_authentication</c>, <c>token_exchange</c> or <c>token</c>.
    /// </summary>
    public required string Door { get; init; }

    /// <summary>The credential that was presented, if it was one.</summary>
    public string? CredentialId { get; init; }

    /// <summary>One of <see cref="CredentialKind"/>.</summary>
    public string? Kind { get; init; }

    /// <summary>Who acts; <c>null</c> for an anonymous key or where it is not known.</summary>
    public string? Subject { get; init; }

    /// <summary>The API resource's identifier.</summary>
    public string? Api { get; init; }

    /// <summary>The scopes that were needed, or that were issued.</summary>
    public string? Scope { get; init; }

    /// <summary>The object it was about.</summary>
    public string? Object { get; init; }

    /// <summary>The method of the request behind the door, where the door was told.</summary>
    public string? Method { get; init; }

    /// <summary>Its path, without the query.</summary>
    public string? Path { get; init; }

    /// <summary>A verification code, or <c>issued</c>.</summary>
    public required string Result { get; init; }

    /// <summary>From which address, where the door was told.</summary>
    public string? Ip { get; init; }

    /// <summary>The User-Agent, where the door saw it.</summary>
    public string? Agent { get; init; }

    /// <summary>The request to this server, as in its answer's <c>X-Request-Id</c>.</summary>
    public string? RequestId { get; init; }

    /// <summary>The <c>jti</c> of an issued token.</summary>
    public string? TokenId { get; init; }

    /// <summary>Of a token exchange: the application that acts for the subject; <c>null</c> where the subject acts itself.</summary>
    public string? Actor { get; init; }

    /// <summary>Of an issued token: the grant that bought it.</summary>
    public string? GrantType { get; init; }

    /// <summary>Of an issued token: how its client authenticated (<see cref="ClientAuthenticationMethod"/>).</summary>
    public string? AuthMethod { get; init; }

    /// <summary>Of an issued token: what it is bound by, <c>dpop</c> or <c>mtls</c>; absent where anybody may use it who holds it.</summary>
    public string? BoundBy { get; init; }
}

/// <summary>A network a credential was used from: a /24 of IPv4 or a /64 of IPv6.</summary>
public sealed record CredentialNetwork(string Network, DateTimeOffset FirstSeenAt);

/// <summary>What somebody who thinks that a credential leaked needs to know: everything it did since a date.</summary>
public sealed record CredentialUses
{
    /// <summary>The credential as it is now.</summary>
    public required Credential Credential { get; init; }

    /// <summary>From when on.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Uses by hour, API and result, oldest first.</summary>
    public required IReadOnlyList<UsageCount> Usage { get; init; }

    /// <summary>Every network it was ever used from, as far as known, newest first.</summary>
    public required IReadOnlyList<CredentialNetwork> Networks { get; init; }

    /// <summary>What the access log has, newest first, at most 200; the rest is at <c>/v1/access-log?credential=</c>.</summary>
    public required IReadOnlyList<AccessEntry> Entries { get; init; }

    /// <summary>What was done at Tokenry with it and to it: credentials made, roles changed; newest first, at most 200.</summary>
    public required IReadOnlyList<CredentialEvent> Deeds { get; init; }
}

/// <summary>An audit event in short; actor and address of what others did to the credential are for who may read the audit.</summary>
public sealed record CredentialEvent(
    DateTimeOffset At,
    string? Actor,
    string Action,
    string? TargetType,
    string? TargetId,
    string Result,
    string? Ip
);

/// <summary>Body of <c>POST /v1/credentials/revoke</c>. A class and not a record: a record would print the token.</summary>
public sealed class LeakReport
{
    /// <summary>The string that was found.</summary>
    public required string Token { get; init; }
}

/// <summary>One string that a secret scanner found, in the form of GitHub's secret scanning partners. A class and not a record: a record would print it.</summary>
public sealed class FoundSecret
{
    /// <summary>The string.</summary>
    public required string Token { get; init; }

    /// <summary>The scanner's name for this kind of string.</summary>
    public string? Type { get; init; }

    /// <summary>Where it was found.</summary>
    public string? Url { get; init; }

    /// <summary>In what it was found: <c>commit</c>, <c>issue</c>, …</summary>
    public string? Source { get; init; }
}

/// <summary>What we say of one string that a scanner found.</summary>
/// <param name="TokenHash">Base64 of its SHA-256.</param>
/// <param name="TokenType">The type as it was sent.</param>
/// <param name="Label"><c>true_positive</c> where it is a credential of ours, <c>false_positive</c> elsewhere.</param>
public sealed record FoundSecretLabel(string TokenHash, string? TokenType, string Label);
