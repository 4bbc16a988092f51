using Tokenry.Protocol.Access;

namespace Tokenry.Protocol.Jose;

/// <summary>The claims of an access token (RFC 9068 §2.2) whose signature was good.</summary>
public sealed record AccessToken
{
    /// <summary><c>iss</c>: who issued it.</summary>
    public required string Issuer { get; init; }

    /// <summary><c>aud</c>: the identifiers of the APIs it is for, at least one; see <see cref="IsFor"/>.</summary>
    public required IReadOnlyList<string> Audience { get; init; }

    /// <summary><c>sub</c>: the user or application it speaks for.</summary>
    public required string Subject { get; init; }

    /// <summary><c>client_id</c>: the application that asked for it (RFC 8693 §4.3).</summary>
    public required string ClientId { get; init; }

    /// <summary><c>exp</c>: from this second on it is not good, in UTC.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary><c>iat</c>: when it was issued, in UTC.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary><c>jti</c>: its own id, by which it is denied or found in an audit.</summary>
    public required string TokenId { get; init; }

    /// <summary><c>scope</c>: what it may do; empty when absent.</summary>
    public required ScopeSet Scope { get; init; }

    /// <summary><c>credential_id</c> (ours): the credential that obtained it, null when absent.</summary>
    public string? CredentialId { get; init; }

    /// <summary><c>objects</c> (ours): patterns it is limited to; null is no limit, an empty list allows no object.</summary>
    public IReadOnlyList<string>? Objects { get; init; }

    /// <summary><c>cnf</c> (RFC 7800): the proof of possession it demands, null when absent. Stays readable for good.</summary>
    public TokenConfirmation? Confirmation { get; init; }

    /// <summary><c>act</c> (RFC 8693 §4.1): who acts for the subject, null where it acts itself.</summary>
    public TokenActor? Actor { get; init; }

    /// <summary><c>may_act</c> (RFC 8693 §4.4): who alone may exchange it to act for the subject, null when absent.</summary>
    public AuthorizedActor? MayAct { get; init; }

    /// <summary>
    /// <c>passed_scopes</c> (ours): of a token that came by exchange through tokens for other APIs, what those could do, by id of the API resource. An exchange back gives no
    /// more. Null where it did not.
    /// </summary>
    public IReadOnlyDictionary<string, ScopeSet>? PassedScopes { get; init; }

    /// <summary>True with a <c>cnf</c>: whoever presents it must prove a key, and a door that cannot check that must refuse.</summary>
    public bool IsBound => Confirmation is not null;

    /// <summary>True when the API's identifier is in the audience, compared byte for byte (RFC 9068 §4).</summary>
    public bool IsFor(string api)
    {
        for (var i = 0; i < Audience.Count; i++)
        {
            if (Audience[i] == api)
            {
                return true;
            }
        }

        return false;
    }
}
