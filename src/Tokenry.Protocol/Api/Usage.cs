using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>The number of decisions or issued tokens in one minute or hour. Members that the list does not group by are absent.</summary>
public sealed record UsageCount
{
    /// <summary>When the minute or hour started.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The credential; empty if it is unknown.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CredentialId { get; init; }

    /// <summary>Its owner; empty if it is unknown.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Subject { get; init; }

    /// <summary>The API resource's identifier; empty if none was named.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Api { get; init; }

    /// <summary>A requested or issued scope; only if the list groups by scope. Then a use counts once for each of its scopes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Scope { get; init; }

    /// <summary>A verification code, or <c>issued</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    /// <summary>The number.</summary>
    public required long Count { get; init; }
}

/// <summary>One decision at a door, or one issued token.</summary>
public sealed record AccessEntry
{
    /// <summary><c>acc_…</c></summary>
    public required string Id { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>
    /// <c>verify</c>, <c>forward_auth</c>, <c>introspection</c>, <c>management</c>, <c>client_authentication</c>, <c>token_exchange</c> or <c>token</c>.
    /// </summary>
    public required string Door { get; init; }

    /// <summary>The presented credential, if the server recognised one.</summary>
    public string? CredentialId { get; init; }

    /// <summary>One of <see cref="CredentialKind"/>.</summary>
    public string? Kind { get; init; }

    /// <summary>The acting user or application; <c>null</c> for an anonymous key, or if it is unknown.</summary>
    public string? Subject { get; init; }

    /// <summary>The API resource's identifier.</summary>
    public string? Api { get; init; }

    /// <summary>The requested scopes, or the issued ones.</summary>
    public string? Scope { get; init; }

    /// <summary>The object of the request.</summary>
    public string? Object { get; init; }

    /// <summary>The method of the checked request, if the caller of the door sent it.</summary>
    public string? Method { get; init; }

    /// <summary>The path of the checked request, without the query.</summary>
    public string? Path { get; init; }

    /// <summary>A verification code, or <c>issued</c>.</summary>
    public required string Result { get; init; }

    /// <summary>The client's address, if the caller of the door sent it.</summary>
    public string? Ip { get; init; }

    /// <summary>The User-Agent, if the door saw it.</summary>
    public string? Agent { get; init; }

    /// <summary>The id of the request to this server, as in its answer's <c>X-Request-Id</c>.</summary>
    public string? RequestId { get; init; }

    /// <summary>The <c>jti</c> of an issued token.</summary>
    public string? TokenId { get; init; }

    /// <summary>For a token exchange: the application that acts for the subject; <c>null</c> if the subject acts itself.</summary>
    public string? Actor { get; init; }

    /// <summary>For an issued token: the grant type.</summary>
    public string? GrantType { get; init; }

    /// <summary>For an issued token: how its client authenticated (<see cref="ClientAuthenticationMethod"/>).</summary>
    public string? AuthMethod { get; init; }

    /// <summary>For an issued token: how it is bound, <c>dpop</c> or <c>mtls</c>; absent for a bearer token.</summary>
    public string? BoundBy { get; init; }
}

/// <summary>A network from which a credential was used: a /24 of IPv4 or a /64 of IPv6.</summary>
public sealed record CredentialNetwork(string Network, DateTimeOffset FirstSeenAt);

/// <summary>For the investigation of a leak: everything that a credential did since a date.</summary>
public sealed record CredentialUses
{
    /// <summary>The credential in its current state.</summary>
    public required Credential Credential { get; init; }

    /// <summary>The start of the period.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Uses by hour, API and result, oldest first.</summary>
    public required IReadOnlyList<UsageCount> Usage { get; init; }

    /// <summary>Every network from which it was used, as far as known, newest first.</summary>
    public required IReadOnlyList<CredentialNetwork> Networks { get; init; }

    /// <summary>The entries of the access log, newest first, at most 200. The rest is at <c>/v1/access-log?credential=</c>.</summary>
    public required IReadOnlyList<AccessEntry> Entries { get; init; }

    /// <summary>Audit events of this credential as actor or target, such as created credentials and changed roles; newest first, at most 200.</summary>
    public required IReadOnlyList<CredentialEvent> Deeds { get; init; }
}

/// <summary>A short form of an audit event. Actor and address of events by other credentials appear only for callers who may read the audit.</summary>
public sealed record CredentialEvent(
    DateTimeOffset At,
    string? Actor,
    string Action,
    string? TargetType,
    string? TargetId,
    string Result,
    string? Ip
);

/// <summary>Body of <c>POST /v1/credentials/revoke</c>.</summary>
// A class and not a record: a record would print the token.
public sealed class LeakReport
{
    /// <summary>The credential that was found.</summary>
    public required string Token { get; init; }
}

/// <summary>
/// One string that a secret scanner found, in the format of GitHub's secret scanning partners.
/// </summary>
// A class and not a record: a record would print it.
public sealed class FoundSecret
{
    /// <summary>The string.</summary>
    public required string Token { get; init; }

    /// <summary>The scanner's name for this kind of string.</summary>
    public string? Type { get; init; }

    /// <summary>The URL where it was found.</summary>
    public string? Url { get; init; }

    /// <summary>The kind of place where it was found: <c>commit</c>, <c>issue</c>, …</summary>
    public string? Source { get; init; }
}

/// <summary>The server's verdict on one string that a scanner found.</summary>
/// <param name="TokenHash">Base64 of its SHA-256.</param>
/// <param name="TokenType">The type as the scanner sent it.</param>
/// <param name="Label"><c>true_positive</c> if it is a credential of this server, else <c>false_positive</c>.</param>
public sealed record FoundSecretLabel(string TokenHash, string? TokenType, string Label);
