using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Access;

/// <summary>The part of a stored credential that determines its rights; small, because the server counts many.</summary>
internal sealed class CredentialRights
{
    public const string Columns = "id, kind, owner_id, organization_id, permissions, terms";

    private (bool IsRead, IReadOnlyList<ObjectPattern>? Patterns) objects;

    public string Id { get; init; } = "";

    public string Kind { get; init; } = "";

    public string OwnerId { get; init; } = "";

    /// <summary>The organization it was made for.</summary>
    public string? OrganizationId { get; init; }

    public string? Permissions { get; init; }

    /// <summary><see cref="CredentialTerms"/> as stored.</summary>
    public string? Terms { get; init; }

    /// <summary>
    /// The rights it gives at an API on these objects. A client authentication credential gives them through the tokens that it buys, also in the organizations of
    /// its application. Organizations count as enabled: a disabled one may be enabled at any time.
    /// </summary>
    public ScopeSet At(Catalog catalog, PrincipalFacts? owner, ApiResourceFacts? api, AboutObjects about)
    {
        if (owner is null || api is null || Kind == CredentialKind.AnonymousApiKey || api.ObjectTypes.Length == 0 && Objects is not null)
        {
            return ScopeSet.Empty;
        }

        if (OrganizationId is { } organization)
        {
            owner = owner.InEnabled(organization);
        }

        if (CredentialKind.IsClientAuthentication(Kind))
        {
            var all = owner
                .ActsInEach()
                .Aggregate(ScopeSet.Empty, (scopes, acting) => scopes.Union(Rights.Of(catalog, acting, api, about)));
            // A public key also signs requests, at an API that accepts signatures.
            return Usable(api, all, CredentialKind.AccessToken).Union(Usable(api, all, Kind));
        }

        var grants = GrantSet.OfNullable(Permissions);
        var scopes = Rights.Of(catalog, owner, grants?.At(api), api, about);
        foreach (var (id, there) in grants?.Organizations ?? [])
        {
            scopes = scopes.Union(Rights.Of(catalog, owner.InEnabled(id), there.At(api), api, about));
        }

        return Usable(api, scopes, Kind);
    }

    /// <summary>Read once, because each row is checked against each API twice.</summary>
    internal IReadOnlyList<ObjectPattern>? Objects
    {
        get
        {
            if (!objects.IsRead)
            {
                objects = (true, CredentialTerms.Read(Terms).ObjectPatterns());
            }

            return objects.Patterns;
        }
    }

    private static ScopeSet Usable(ApiResourceFacts api, ScopeSet scopes, string kind) =>
        api.AcceptedKinds.Contains(kind) ? api.Usable(scopes, kind) : ScopeSet.Empty;
}
