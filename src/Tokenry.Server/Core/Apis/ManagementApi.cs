using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Core.Apis;

/// <summary>Tokenry's own API as an API resource; its scopes are the permissions of this server.</summary>
public static class ManagementApi
{
    public const string Identifier = "urn:tokenry:management";

    /// <summary>A fixed id, so that grants at it mean the same on every server.</summary>
    public const string ResourceId = "res_0000000000000000000001";

    /// <summary>Reserved prefix: no registered API resource may have such an identifier.</summary>
    public const string ReservedPrefix = "urn:tokenry:";

    public const string UsersRead = "users:read";
    public const string UsersWrite = "users:write";
    public const string ApplicationsRead = "applications:read";
    public const string ApplicationsWrite = "applications:write";
    public const string ApiResourcesRead = "api-resources:read";
    public const string ApiResourcesWrite = "api-resources:write";
    public const string RolesRead = "roles:read";
    public const string RolesWrite = "roles:write";
    public const string CredentialsRead = "credentials:read";
    public const string CredentialsWrite = "credentials:write";
    public const string SigningKeysRead = "signing-keys:read";
    public const string SigningKeysWrite = "signing-keys:write";
    public const string AuditRead = "audit:read";
    public const string UsageRead = "usage:read";
    public const string Verify = "verify";
    public const string Introspect = "introspect";
    public const string TokensOwn = "tokens:own";
    public const string ApplicationsOwn = "applications:own";

    private static readonly string[] Nouns =
    [
        "users",
        "applications",
        "api-resources",
        "roles",
        "organizations",
        "credentials",
        "signing-keys",
        "webhooks",
    ];

    public static readonly ScopeSet Scopes = ScopeSet.Of([
        .. Nouns.Select(noun => noun + ":read"),
        .. Nouns.Select(noun => noun + ":write"),
        AuditRead,
        UsageRead,
        Verify,
        Introspect,
        TokensOwn,
        ApplicationsOwn,
    ]);

    public static readonly ApiResourceFacts Resource = new()
    {
        Id = ResourceId,
        Identifier = Identifier,
        Scopes = Scopes,
        AcceptedKinds = [CredentialKind.ApiKey, CredentialKind.PersonalAccessToken, CredentialKind.AccessToken],
        ObjectTypes = [],
        ObjectsInTokens = false,
        AccessTokenLifetime = TimeSpan.FromMinutes(5),
        ResourceServers = [],
    };

    /// <summary>The role of every enabled user, without an assignment.</summary>
    public static readonly RoleFacts Member = BuiltIn(
        4,
        "member",
        "Manages the user's own personal access tokens. Every enabled user has this role.",
        ScopeSet.Of([TokensOwn])
    );

    public static readonly RoleFacts Administrator = BuiltIn(1, "administrator", "Everything.", Scopes);

    public static readonly IReadOnlyList<RoleFacts> BuiltInRoles =
    [
        Administrator,
        BuiltIn(
            2,
            "auditor",
            "Reads everything, changes nothing.",
            ScopeSet.Of(Scopes.Where(s => s.EndsWith(":read", StringComparison.Ordinal)))
        ),
        BuiltIn(
            3,
            "developer",
            "Registers applications and manages their keys, within their own rights.",
            ScopeSet.Of([ApplicationsOwn, TokensOwn, ApiResourcesRead, RolesRead])
        ),
        Member,
    ];

    // Fixed ids are the same on every server and known before the first request.
    private static RoleFacts BuiltIn(int number, string name, string description, ScopeSet scopes) =>
        new()
        {
            Id = $"rol_{number.ToString("D22", System.Globalization.CultureInfo.InvariantCulture)}",
            Name = name,
            Description = description,
            Permissions = GrantSet.Of([(Resource, scopes)]),
            BuiltIn = true,
        };
}
