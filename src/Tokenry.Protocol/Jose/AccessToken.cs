using Tokenry.Protocol.Access;

namespace Tokenry.Protocol.Jose;

/// <summary>The claims of an access token (RFC 9068 §2.2) with a valid signature.</summary>
public sealed record AccessToken
{
    /// <summary><c>iss</c>: the issuer.</summary>
    public required string Issuer { get; init; }

    /// <summary><c>aud</c>: the identifiers of the APIs that may accept it, at least one; see <see cref="IsFor"/>.</summary>
    public required IReadOnlyList<string> Audience { get; init; }

    /// <summary><c>sub</c>: the user or application that it represents.</summary>
    public required string Subject { get; init; }

    /// <summary><c>client_id</c>: the application that requested it (RFC 8693 §4.3).</summary>
    public required string ClientId { get; init; }

    /// <summary><c>exp</c>: the first second, in UTC, at which it is not valid any more.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary><c>iat</c>: when it was issued, in UTC.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary><c>jti</c>: its id, by which an operator revokes it or finds it in the audit.</summary>
    public required string TokenId { get; init; }

    /// <summary><c>scope</c>: what it allows; empty if absent.</summary>
    public required ScopeSet Scope { get; init; }

    /// <summary><c>credential_id</c> (Tokenry's own): the credential with which the client obtained it; null if absent.</summary>
    public string? CredentialId { get; init; }

    /// <summary><c>organization_id</c> (Tokenry's own): the organization in which the subject acts; null if absent.</summary>
    public string? OrganizationId { get; init; }

    /// <summary><c>objects</c> (Tokenry's own): patterns that limit it; null = no limit, an empty list allows no object.</summary>
    public IReadOnlyList<string>? Objects { get; init; }

    /// <summary><c>cnf</c> (RFC 7800): the proof of possession that it requires; null if absent.</summary>
    public TokenConfirmation? Confirmation { get; init; }

    /// <summary><c>act</c> (RFC 8693 §4.1): the party that acts for the subject; null if the subject acts itself.</summary>
    public TokenActor? Actor { get; init; }

    /// <summary><c>may_act</c> (RFC 8693 §4.4): the only party that may exchange it to act for the subject; null if absent.</summary>
    public AuthorizedActor? MayAct { get; init; }

    /// <summary>
    /// <c>passed_scopes</c> (Tokenry's own), for a token from an exchange: the scopes of the tokens before it in the chain, by id of the API resource. An
    /// exchange back to such an API gives no more scopes than these. Null for other tokens.
    /// </summary>
    public IReadOnlyDictionary<string, ScopeSet>? PassedScopes { get; init; }

    /// <summary>True with a <c>cnf</c>: the presenter must prove possession of a key. A door that cannot check this must refuse.</summary>
    public bool IsBound => Confirmation is not null;

    /// <summary>True if the API's identifier is in the audience, compared byte for byte (RFC 9068 §4).</summary>
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
