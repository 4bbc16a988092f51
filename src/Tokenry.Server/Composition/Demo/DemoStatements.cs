using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Features.Notices;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Composition.Demo;

/// <summary>A role of a principal; in an organization, if one is named.</summary>
internal readonly record struct DemoRoleOf(string PrincipalId, string RoleId, string? OrganizationId = null);

/// <summary>The last use of a credential.</summary>
internal readonly record struct DemoUse(string CredentialId, long At, string Ip, string Network);

/// <summary>Decisions of an hour or a minute.</summary>
internal readonly record struct DemoCounter(string Span, long At, DemoCredential Credential, string Scope, string Code, long Uses);

/// <summary>The inserts of <see cref="DemoBulk"/>, for the tables whose own statements take one row at a time.</summary>
internal static class DemoStatements
{
    public static readonly RowStatement<PrincipalRow> Principal = new RowStatement<PrincipalRow>(
        "INSERT INTO principals (id, type, name, email, owner_id, organization_id, enabled, created_at) VALUES (@1, @2, @3, @4, @5, @6, @7, @8)"
    )
        .Text(row => row.Id)
        .Text(row => row.Type)
        .Text(row => row.Name)
        .Text(row => row.Email)
        .Text(row => row.OwnerId)
        .Text(row => row.OrganizationId)
        .Number(row => row.Enabled)
        .Number(row => row.CreatedAt);

    public static readonly RowStatement<OrganizationRow> Organization = new RowStatement<OrganizationRow>(
        "INSERT INTO organizations (id, name, enabled, created_at) VALUES (@1, @2, 1, @3)"
    )
        .Text(row => row.Id)
        .Text(row => row.Name)
        .Number(row => row.CreatedAt);

    public static readonly RowStatement<DemoRoleOf> Role = new RowStatement<DemoRoleOf>(
        "INSERT INTO principal_roles (principal_id, role_id) VALUES (@1, @2)"
    )
        .Text(row => row.PrincipalId)
        .Text(row => row.RoleId);

    public static readonly RowStatement<DemoRoleOf> Member = new RowStatement<DemoRoleOf>(
        "INSERT INTO organization_members (organization_id, principal_id, role_id) VALUES (@1, @2, @3)"
    )
        .Text(row => row.OrganizationId)
        .Text(row => row.PrincipalId)
        .Text(row => row.RoleId);

    public static readonly RowStatement<CredentialRow> Credential = new RowStatement<CredentialRow>(
        """
        INSERT INTO credentials (id, kind, owner_id, organization_id, name, masked, permissions, created_at, created_by, created_with, expires_at, not_before,
          terms, material, key_id, due_at, state, revoked_at, revoked_reason)
        VALUES (@1, @2, @3, @4, @5, @6, @7, @8, @9, @10, @11, @12, @13, @14, @15, @16, @17, @18, @19)
        """
    ).Text(row => row.Id).Text(row => row.Kind).Text(row => row.OwnerId).Text(row => row.ActsIn).Text(row => row.Name).Text(row => row.Masked).Text(row => row.Permissions).Number(row => row.CreatedAt).Text(row => row.CreatedBy).Text(row => row.CreatedWith).NumberOrNull(row => row.ExpiresAt).NumberOrNull(row => row.NotBefore).Text(row => row.StoredTerms).Text(row => row.Material).Text(row => row.KeyId).NumberOrNull(row => row.DueAt).Text(row => row.State).NumberOrNull(row => row.RevokedAt).Text(row => row.RevokedReason);

    public static readonly RowStatement<CredentialRow> Approval = new RowStatement<CredentialRow>(
        "INSERT INTO approvals (id, credential_id, state, demanded_by, justification) VALUES (@1, @2, 'pending', 'server', @3)"
    )
        .Text(row => row.ApprovalId)
        .Text(row => row.Id)
        .Text(row => row.Justification);

    public static readonly RowStatement<DemoUse> LastUse = new RowStatement<DemoUse>(
        "INSERT INTO credential_usage (credential_id, last_used_at, ip) VALUES (@1, @2, @3)"
    )
        .Text(row => row.CredentialId)
        .Number(row => row.At)
        .Text(row => row.Ip);

    public static readonly RowStatement<DemoUse> Network = new RowStatement<DemoUse>(
        "INSERT INTO credential_networks (credential_id, network, first_seen_at, last_seen_at) VALUES (@1, @2, @3, @4)"
    )
        .Text(row => row.CredentialId)
        .Text(row => row.Network)
        .Number(row => row.At)
        .Number(row => row.At);

    public static readonly RowStatement<DemoCounter> Counter = new RowStatement<DemoCounter>(
        """
        INSERT INTO usage_counters (span, at, credential_id, api, scope, code, subject, uses) VALUES (@1, @2, @3, @4, @5, @6, @7, @8)
        ON CONFLICT (span, at, credential_id, api, scope, code) DO NOTHING
        """
    ).Text(row => row.Span).Number(row => row.At).Text(row => row.Credential.Id).Text(row => row.Credential.Role.Api).Text(row => row.Scope).Text(row => row.Code).Text(row => row.Credential.OwnerId).Number(row => row.Uses);

    public static readonly RowStatement<NoticeRow> Notice = new RowStatement<NoticeRow>(
        "INSERT INTO notices (id, user_id, event, at, kind, target_type, target_id, name, organization_id, mail_attempts) VALUES (@1, @2, @3, @4, @5, @6, @7, @8, @9, @10)"
    )
        .Text(row => row.Id)
        .Text(row => row.UserId)
        .Text(row => row.Event)
        .Number(row => row.At)
        .Text(row => row.Kind)
        .Text(row => row.TargetType)
        .Text(row => row.TargetId)
        .Text(row => row.Name)
        .Text(row => row.OrganizationId)
        .Number(row => row.MailAttempts);

    /// <summary>The digest of no secret: nothing opens with it.</summary>
    public static RowStatement<CredentialRow> Secret(long pepperVersion, Func<byte[]> digest) =>
        new RowStatement<CredentialRow>(
            "INSERT INTO credential_secrets (credential_id, version, hash, pepper_version) VALUES (@1, 1, @2, @3)"
        )
            .Text(row => row.Id)
            .Bytes(_ => digest())
            .Number(_ => pepperVersion);
}
