namespace Tokenry.Testing;

/// <summary>An API resource a test made; <see cref="Response"/> is the creating answer, for what is not named here.</summary>
public sealed record CreatedApi(string Id, string Identifier, IReadOnlyList<string> Scopes, ApiResponse Response);

/// <summary>A role a test made.</summary>
public sealed record CreatedRole(string Id, ApiResponse Response);

/// <summary>A user a test made.</summary>
public sealed record CreatedUser(string Id, string Email, ApiResponse Response);

/// <summary>An application a test made; its id is also its OAuth client id.</summary>
public sealed record CreatedApplication(string Id, ApiResponse Response);

/// <summary>A credential a test made, with the secret that is told only once.</summary>
public sealed record CreatedCredential(string Id, string Secret, ApiResponse Response);

/// <summary>A public key a test registered, with the pair it is of.</summary>
public sealed record CreatedPublicKey(string Id, ClientKey Key, ApiResponse Response);

/// <summary>
/// What a scenario made, in the order it was made. The singular members are the last of their kind, which is nearly always the only one.
/// </summary>
public sealed class Created
{
    public List<CreatedApi> Apis { get; } = [];

    public List<CreatedRole> Roles { get; } = [];

    public List<CreatedUser> Users { get; } = [];

    public List<CreatedApplication> Applications { get; } = [];

    public List<CreatedCredential> ApiKeys { get; } = [];

    public List<CreatedCredential> ClientSecrets { get; } = [];

    public List<CreatedPublicKey> PublicKeys { get; } = [];

    /// <summary>Their ids.</summary>
    public List<string> Certificates { get; } = [];

    /// <summary>Their ids.</summary>
    public List<string> FederatedIdentities { get; } = [];

    public List<CreatedCredential> PersonalAccessTokens { get; } = [];

    public CreatedApi Api => Last(Apis, "API resource");

    public CreatedRole Role => Last(Roles, "role");

    public CreatedUser User => Last(Users, "user");

    public CreatedApplication Application => Last(Applications, "application");

    public CreatedCredential ApiKey => Last(ApiKeys, "API key");

    public CreatedCredential ClientSecret => Last(ClientSecrets, "client secret");

    public CreatedPublicKey PublicKey => Last(PublicKeys, "public key");

    public CreatedCredential PersonalAccessToken => Last(PersonalAccessTokens, "personal access token");

    private static T Last<T>(List<T> made, string noun) =>
        made.Count > 0 ? made[^1] : throw new InvalidOperationException($"The scenario made no {noun}.");
}
