using System.Reflection;
using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Access;

/// <summary>The caller of the management API: its credential, and what this allows there now.</summary>
public sealed class Caller : IBindableFromHttpContext<Caller>
{
    public required Authenticated Credential { get; init; }

    public required PrincipalFacts Principal { get; init; }

    /// <summary>Effective scopes at <c>urn:tokenry:management</c>.</summary>
    public required ScopeSet Management { get; init; }

    public required RequestFacts Request { get; init; }

    /// <summary>At the OAuth endpoints: how the client authenticated, one of <see cref="Protocol.Api.ClientAuthenticationMethod"/>.</summary>
    public string? AuthMethod { get; init; }

    /// <summary>What the request proved beyond holding the credential.</summary>
    public Possession Possession { get; init; } = Possession.Bearer;

    /// <summary>When the server last judged the caller.</summary>
    public Judgement JudgedAt { get; init; } = new(-1, 0);

    /// <summary>Whether the caller authenticated as an OAuth client, not for Tokenry's own API.</summary>
    public bool IsClient => AuthMethod is not null;

    public string? CredentialId => Credential.CredentialId;

    /// <summary>The organization in which the calling credential acts; <c>null</c> = in none.</summary>
    public string? OrganizationId => Principal.ActsIn;

    public DateTimeOffset? ExpiresAt => Credential.ExpiresAt;

    public IReadOnlyList<ObjectPattern>? Objects => AccessDecision.Objects(Credential);

    /// <summary>The terms of the calling credential. For an access token: the terms of the credential it was issued to.</summary>
    public TermFacts? Terms => Credential.Stored?.Terms;

    /// <summary>Whether the calling credential grows with its owner's rights.</summary>
    public bool FollowsOwner =>
        Credential is AuthenticatedSession or AuthenticatedCredential { Stored: { Permissions: null, IsAnonymous: false } };

    /// <summary>The same caller with these rights at the management API.</summary>
    public Caller With(ScopeSet management) => Now(Credential, management, JudgedAt);

    /// <summary>The same caller, judged again.</summary>
    internal Caller Now(Authenticated credential, ScopeSet management, Judgement judgedAt) =>
        new()
        {
            Credential = credential,
            Principal = credential.Owner,
            Management = management,
            Request = Request,
            AuthMethod = AuthMethod,
            Possession = Possession,
            JudgedAt = judgedAt,
        };

    /// <summary>The same caller as it acts in that organization; <c>null</c> = the calling credential cannot act there.</summary>
    internal Caller? ActingIn(Catalog catalog, string organizationId) =>
        organizationId == OrganizationId ? this
        : Credential.Acting(Principal.InEnabled(organizationId)) is { } there
            ? Now(there, AccessDecision.Decide(catalog, there, Requirement.AtOwnApi(Possession, Request.Address)).Scopes, JudgedAt)
        : null;

    /// <summary>The facts that a mutation of this caller depends on.</summary>
    internal Premise Premise() =>
        new(
            JudgedAt.Position,
            [
                .. new[] { Credential.CredentialId, Credential.Token?.TokenId, OrganizationId }
                    .Concat(Line(Principal))
                    .Concat(Line(Credential.Holder))
                    .OfType<string>()
                    .Distinct(StringComparer.Ordinal),
            ]
        );

    /// <summary>The principal and the owner that bounds it: if the owner loses a right, the principal loses it too.</summary>
    private static IEnumerable<string?> Line(PrincipalFacts? principal)
    {
        for (var next = principal; next is not null; next = next.Owner)
        {
            yield return next.Id;
        }
    }

    /// <summary>The scopes that the calling credential has at that API now, whatever the object.</summary>
    public ScopeSet EffectiveAt(Catalog catalog, string api) => EffectiveAt(catalog, api, AboutObjects.None);

    /// <summary>The same, with those that it has on the objects in question.</summary>
    public ScopeSet EffectiveAt(Catalog catalog, string api, AboutObjects about) =>
        api == ManagementApi.Identifier ? Management
        : catalog.Resource(api) is { } resource ? Rights.Of(catalog, Principal, Credential.NamedAt(resource), resource, about)
        : ScopeSet.Empty;

    /// <summary>What the calling credential names at an API other than Tokenry's own, even if its owner may not do it now.</summary>
    public ScopeSet NamedAt(Catalog catalog, string api) =>
        catalog.Resource(api) is not { } resource ? ScopeSet.Empty
        : FollowsOwner ? resource.Scopes
        : Credential.NamedAt(resource) ?? ScopeSet.Empty;

    /// <summary>The caller of a route that needs one. It was authenticated before the endpoint runs.</summary>
    public static Caller? Of(HttpContext context) => (Caller?)context.Features[typeof(Caller)];

    public static ValueTask<Caller?> BindAsync(HttpContext context, ParameterInfo parameter) => ValueTask.FromResult(Of(context));
}
