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

    /// <summary>Reads the personal access tokens of users, and nothing else of them.</summary>
    public const string UsersTokensRead = "users.tokens:read";

    /// <summary>Makes, changes and ends the personal access tokens of users, and nothing else of them.</summary>
    public const string UsersTokensWrite = "users.tokens:write";
    public const string ApplicationsRead = "applications:read";
    public const string ApplicationsWrite = "applications:write";
    public const string ApiResourcesRead = "api-resources:read";
    public const string ApiResourcesWrite = "api-resources:write";
    public const string RolesRead = "roles:read";
    public const string RolesWrite = "roles:write";
    public const string OrganizationsRead = "organizations:read";
    public const string OrganizationsWrite = "organizations:write";
    public const string PoliciesRead = "policies:read";
    public const string PoliciesWrite = "policies:write";
    public const string ApprovalsRead = "approvals:read";
    public const string ApprovalsWrite = "approvals:write";
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

    /// <summary>Reads the organization in which the credential acts: its name, members, applications and the applications' credentials.</summary>
    public const string OrganizationRead = "organization:read";

    /// <summary>Changes its name and its members' roles.</summary>
    public const string OrganizationWrite = "organization:write";

    /// <summary>Registers its applications and manages their credentials.</summary>
    public const string OrganizationApplications = "organization:applications";

    /// <summary>Reads and ends every credential that acts in it.</summary>
    public const string OrganizationCredentials = "organization:credentials";

    /// <summary>Changes its policy.</summary>
    public const string OrganizationPolicy = "organization:policy";

    /// <summary>Reads, approves and denies what its policy demands approvals of.</summary>
    public const string OrganizationApprovals = "organization:approvals";

    /// <summary>Reads its usage and audit.</summary>
    public const string OrganizationAudit = "organization:audit";

    private static readonly string[] Nouns =
    [
        "users",
        "users.tokens",
        "applications",
        "api-resources",
        "roles",
        "organizations",
        "policies",
        "approvals",
        "credentials",
        "signing-keys",
        "webhooks",
    ];

    /// <summary>The scopes that open the one organization in which a credential acts.</summary>
    public static readonly ScopeSet OfOrganization = ScopeSet.Of([
        OrganizationRead,
        OrganizationWrite,
        OrganizationApplications,
        OrganizationCredentials,
        OrganizationPolicy,
        OrganizationApprovals,
        OrganizationAudit,
    ]);

    /// <summary>
    /// The scopes that a credential can use while it acts in an organization. It opens nothing outside of it, whatever its owner may do everywhere.
    /// </summary>
    public static readonly ScopeSet InOrganization = OfOrganization.Union(ScopeSet.Of([TokensOwn]));

    /// <summary>The scopes that open the whole server.</summary>
    public static readonly ScopeSet OfServer = ScopeSet.Of([
        .. Nouns.Select(noun => noun + ":read"),
        .. Nouns.Select(noun => noun + ":write"),
        AuditRead,
        UsageRead,
        Verify,
        Introspect,
        TokensOwn,
        ApplicationsOwn,
    ]);

    public static readonly ScopeSet Scopes = OfServer.Union(OfOrganization);

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

    public static readonly RoleFacts OrganizationAdministrator = BuiltIn(
        5,
        "organization_administrator",
        "In an organization: its members, applications, credentials, policy, approvals, usage and audit.",
        InOrganization
    );

    /// <summary>The role that a member gets if a request names none.</summary>
    public static readonly RoleFacts OrganizationMember = BuiltIn(
        7,
        "organization_member",
        "In an organization: reads it.",
        ScopeSet.Of([OrganizationRead, TokensOwn])
    );

    public static readonly IReadOnlyList<RoleFacts> BuiltInRoles =
    [
        Administrator,
        BuiltIn(
            2,
            "auditor",
            "Reads everything, changes nothing.",
            ScopeSet.Of(OfServer.Where(s => s.EndsWith(":read", StringComparison.Ordinal)))
        ),
        BuiltIn(
            3,
            "developer",
            "Registers applications and manages their keys, within their own rights.",
            ScopeSet.Of([ApplicationsOwn, TokensOwn, ApiResourcesRead, RolesRead])
        ),
        Member,
        OrganizationAdministrator,
        BuiltIn(
            6,
            "organization_developer",
            "In an organization: reads it, and manages its applications and their credentials, within their own rights.",
            ScopeSet.Of([OrganizationRead, OrganizationApplications, TokensOwn])
        ),
        OrganizationMember,
    ];

    /// <summary>The built-in roles that are given in an organization, and nowhere else.</summary>
    public static bool IsOfOrganization(RoleFacts role) => role.BuiltIn && role.Name.StartsWith("organization_", StringComparison.Ordinal);

    // Fixed ids are the same on every server and known before the first request.
    private static RoleFacts BuiltIn(int number, string name, string description, ScopeSet scopes) =>
        new()
        {
            Id = $"rol_{number.ToString("D22", System.Globalization.CultureInfo.InvariantCulture)}",
            Name = name,
            Description = description,
            Permissions = GrantSet.Of([(Resource, scopes)]),
            BuiltIn = true,
            // Their names are the same on every server. Every user is a member without asking.
            IsRequestable = name != "member",
        };
}
