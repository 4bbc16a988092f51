using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;

namespace Tokenry.Server.Core.Credentials;

/// <summary>Kinds that are managed together, and the scopes that this needs. Each feature folder has one.</summary>
/// <param name="Noun">Begins the audit actions: <c>api_key.rotated</c>.</param>
/// <param name="Title">For texts: <c>API key</c>.</param>
/// <param name="Kinds">The stored kinds.</param>
/// <param name="IdPrefix">The prefix of their public ids.</param>
/// <param name="OwnScope">The scope for the caller's own credentials.</param>
public sealed record CredentialFamily(string Noun, string Title, IReadOnlyList<string> Kinds, string IdPrefix, string OwnScope)
{
    public static readonly CredentialFamily ApiKeys = new(
        "api_key",
        "API key",
        [CredentialKind.ApiKey, CredentialKind.AnonymousApiKey],
        "key",
        ManagementApi.ApplicationsOwn
    );

    public static readonly CredentialFamily PersonalAccessTokens = new(
        "personal_access_token",
        "personal access token",
        [CredentialKind.PersonalAccessToken],
        "pat",
        ManagementApi.TokensOwn
    );

    public static readonly CredentialFamily ClientSecrets = new(
        "client_secret",
        "client secret",
        [CredentialKind.ClientSecret],
        "sec",
        ManagementApi.ApplicationsOwn
    );

    public static readonly CredentialFamily PublicKeys = new(
        "public_key",
        "public key",
        [CredentialKind.PublicKey],
        "jwk",
        ManagementApi.ApplicationsOwn
    )
    {
        IsSecret = false,
    };

    public static readonly CredentialFamily Certificates = new(
        "certificate",
        "certificate",
        [CredentialKind.Certificate],
        "crt",
        ManagementApi.ApplicationsOwn
    )
    {
        IsSecret = false,
    };

    public static readonly CredentialFamily FederatedIdentities = new(
        "federated_identity",
        "federated identity",
        [CredentialKind.FederatedIdentity],
        "fed",
        ManagementApi.ApplicationsOwn
    )
    {
        IsSecret = false,
        Plural = "federated identities",
    };

    public static readonly IReadOnlyList<CredentialFamily> All =
    [
        ApiKeys,
        PersonalAccessTokens,
        ClientSecrets,
        PublicKeys,
        Certificates,
        FederatedIdentities,
    ];

    /// <summary>The prefixes of the public ids of all kinds of credentials.</summary>
    public static readonly string[] IdPrefixes = [.. All.Select(family => family.IdPrefix)];

    /// <summary>The plural of the title, for texts.</summary>
    public string Plural
    {
        get => field ?? Title + "s";
        private init;
    }

    /// <summary>Whether the server made its secret, and so can make another (rotate). Otherwise the holder registers the next one.</summary>
    public bool IsSecret { get; private init; } = true;

    public Demand Read =>
        new(ManagementApi.CredentialsRead, OwnScope)
        {
            OrganizationScope = IsOfUsers ? ManagementApi.OrganizationCredentials : ManagementApi.OrganizationRead,
        };

    public Demand Write =>
        new(ManagementApi.CredentialsWrite, OwnScope)
        {
            OrganizationScope = IsOfUsers ? ManagementApi.OrganizationCredentials : ManagementApi.OrganizationApplications,
        };

    /// <summary>For the routes of this family alone: also by a scope that opens no other kind of credential.</summary>
    public Demand ReadOnlyThese => Read with { NarrowScope = IsOfUsers ? ManagementApi.UsersTokensRead : null };

    /// <inheritdoc cref="ReadOnlyThese"/>
    public Demand WriteOnlyThese => Write with { NarrowScope = IsOfUsers ? ManagementApi.UsersTokensWrite : null };

    /// <summary>The scopes of <see cref="ReadOnlyThese"/>, for a route.</summary>
    public string[] ReadScopes => ScopesOf(ReadOnlyThese);

    /// <summary>The scopes of <see cref="WriteOnlyThese"/>, for a route.</summary>
    public string[] WriteScopes => ScopesOf(WriteOnlyThese);

    private static string[] ScopesOf(Demand demand) =>
        [.. new[] { demand.Scope, demand.NarrowScope, demand.OwnScope, demand.OrganizationScope }.OfType<string>()];

    private bool IsOfUsers => OwnScope == ManagementApi.TokensOwn;

    /// <summary>The family of a kind.</summary>
    public static CredentialFamily Of(string kind) => All.First(family => family.Kinds.Contains(kind));

    /// <summary>The family of a public id. Ids of no known form share one family, so that all of them get the same 404.</summary>
    public static CredentialFamily OfId(string id) =>
        All.FirstOrDefault(family => id.StartsWith(family.IdPrefix + "_", StringComparison.Ordinal)) ?? ClientSecrets;
}
