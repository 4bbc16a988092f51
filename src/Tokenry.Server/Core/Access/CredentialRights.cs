using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Access;

/// <summary>What of a stored credential says what it may do; for counting many.</summary>
internal sealed class CredentialRights
{
    public const string Columns = "id, kind, owner_id, permissions, objects";

    public string Id { get; init; } = "";

    public string Kind { get; init; } = "";

    public string OwnerId { get; init; } = "";

    public string? Permissions { get; init; }

    public string? Objects { get; init; }

    /// <summary>What it opens at an API; what authenticates a client, by the tokens that it buys.</summary>
    public ScopeSet At(Catalog catalog, PrincipalFacts? owner, ApiResourceFacts? api)
    {
        if (owner is null || api is null || Kind == CredentialKind.AnonymousApiKey || Objects is not null && api.ObjectTypes.Length == 0)
        {
            return ScopeSet.Empty;
        }

        if (CredentialKind.IsClientAuthentication(Kind))
        {
            var all = Rights.Of(catalog, owner, api);
            // A public key also signs requests, at an API that takes it so.
            return Usable(api, all, CredentialKind.AccessToken).Union(Usable(api, all, Kind));
        }

        return Usable(api, Rights.Of(catalog, owner, GrantSet.OfNullable(Permissions)?.At(api), api), Kind);
    }

    private static ScopeSet Usable(ApiResourceFacts api, ScopeSet scopes, string kind) =>
        api.AcceptedKinds.Contains(kind) ? api.Usable(scopes, kind) : ScopeSet.Empty;
}
