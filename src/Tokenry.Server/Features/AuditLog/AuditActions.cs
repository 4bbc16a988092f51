using System.Collections.Frozen;
using Tokenry.Server.Core.Credentials;

namespace Tokenry.Server.Features.AuditLog;

/// <summary>Every action that this version writes to the trail. The list rejects a filter by an unknown action instead of returning nothing.</summary>
public static class AuditActions
{
    private static readonly string[] OfCredentials =
    [
        "created",
        "disabled",
        "enabled",
        "leak_reported",
        "overlap_ended",
        "read",
        "replayed",
        "revoked",
        "rotated",
        "updated",
    ];

    private static readonly (string Noun, string[] Verbs)[] Written =
    [
        ("access_log", ["listed"]),
        ("access_token", ["leak_reported", "revoked"]),
        ("administrator", ["revived"]),
        ("api_resource", ["created", "deleted", "read", "updated"]),
        ("api_resources", ["listed"]),
        (
            "application",
            [
                "created",
                "credentials_revoked",
                "deleted",
                "disabled",
                "enabled",
                "left_unbound",
                "object_roles_read",
                "object_roles_replaced",
                "read",
                "transferred",
                "updated",
            ]
        ),
        ("applications", ["listed"]),
        ("approval", ["approved", "approved_at_once", "denied", "read"]),
        ("approvals", ["listed"]),
        ("audit", ["chain_broken", "head_read", "listed", "purged"]),
        ("calendar", ["created", "ended", "read"]),
        ("client_authentication", ["denied"]),
        ("credential", ["descendants_read", "descendants_revoked", "due", "revoked", "uses_read", "verified"]),
        ("credentials", ["listed"]),
        ("door", ["denied"]),
        ("exchange", ["denied"]),
        ("key_encryption_key", ["rotated"]),
        ("linked_account", ["added", "removed"]),
        ("linked_accounts", ["listed", "removed"]),
        ("notices", ["dismissed", "listed"]),
        (
            "organization",
            [
                "created",
                "deleted",
                "disabled",
                "enabled",
                "invitation_accepted",
                "invitation_created",
                "invitation_declined",
                "invitation_read",
                "invitation_revoked",
                "invitations_listed",
                "member_added",
                "member_object_roles_read",
                "member_object_roles_replaced",
                "member_read",
                "member_removed",
                "member_roles_replaced",
                "members_listed",
                "read",
                "token_excluded",
                "tokens_listed",
                "updated",
            ]
        ),
        ("organizations", ["listed"]),
        ("passkey", ["added", "counter_went_back", "read", "removed", "renamed"]),
        ("passkeys", ["listed", "removed"]),
        ("pepper", ["rotated"]),
        ("policy", ["previewed", "read", "updated"]),
        ("report", ["read"]),
        ("review", ["line_kept", "line_revoked", "opened", "read"]),
        ("reviews", ["listed"]),
        ("role", ["created", "deleted", "read", "updated"]),
        ("role_request", ["approved", "created", "denied", "read", "withdrawn"]),
        ("role_requests", ["listed", "offered"]),
        ("roles", ["listed"]),
        (
            "signal",
            [
                "denial_burst",
                "dormant_awake",
                "expired_use",
                "forged_certificate",
                "new_network",
                "replay",
                "revoked_use",
                "scope_probing",
                "stepped_down",
                "superseded_renewal",
            ]
        ),
        (
            "second_factor",
            ["disabled", "enabled", "enrolment_started", "read", "recovery_code_used", "recovery_codes_replaced", "removed", "reset"]
        ),
        ("session", ["confirmed", "created", "ended"]),
        ("sessions", ["listed"]),
        ("settings", ["read"]),
        ("sign_in", ["denied", "password_accepted"]),
        ("sign_in_link", ["created"]),
        ("signing_key", ["activated", "created", "read", "removed", "retired", "rotated", "tainted"]),
        ("signing_keys", ["listed"]),
        ("store", ["replaced", "rolled_back"]),
        ("usage", ["listed"]),
        (
            "user",
            [
                "created",
                "credentials_revoked",
                "deleted",
                "disabled",
                "enabled",
                "language_chosen",
                "object_roles_read",
                "object_roles_replaced",
                "password_changed",
                "password_set",
                "read",
                "sessions_ended",
                "updated",
            ]
        ),
        ("users", ["listed"]),
        ("view", ["deleted", "renamed", "saved"]),
        ("views", ["listed"]),
        .. CredentialFamily.All.Select(family =>
            (family.Noun, family == CredentialFamily.ApiKeys ? [.. OfCredentials, "revealed"] : OfCredentials)
        ),
    ];

    private static readonly FrozenSet<string> Known = All().ToFrozenSet(StringComparer.Ordinal);

    /// <summary>A filter for each kind of action: <c>api_key.*</c>.</summary>
    public static readonly IReadOnlyList<string> Kinds = [.. Written.Select(written => written.Noun + ".*")];

    public static bool IsKnown(string action) => Known.Contains(action);

    /// <summary>For an unknown action: the known actions of the same kind, or the known kinds if there are none.</summary>
    public static string Near(string action)
    {
        var noun = action.Split('.')[0];
        var same = Written.Where(written => written.Noun == noun).SelectMany(written => written.Verbs).ToList();
        return same.Count > 0
            ? $"known of {noun}: {string.Join(", ", same)}"
            : $"known kinds: {string.Join(", ", Written.Select(written => written.Noun))}";
    }

    /// <summary>Whether the kind, such as <c>signal</c>, has actions.</summary>
    public static bool HasKind(string noun) => Array.Exists(Written, written => written.Noun == noun);

    /// <summary>The actions of a kind that <see cref="HasKind"/>.</summary>
    public static IReadOnlyList<string> OfKind(string noun) =>
        [.. Written.Where(written => written.Noun == noun).SelectMany(written => written.Verbs).Select(verb => $"{noun}.{verb}")];

    private static IEnumerable<string> All() => Written.SelectMany(written => written.Verbs.Select(verb => $"{written.Noun}.{verb}"));
}
