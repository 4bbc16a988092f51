namespace Tokenry.Protocol.Api;

/// <summary>
/// What happened to a credential that concerns a person: its holder, an owner of its application, or who made it. Also what was decided about a role that the
/// person asked for.
/// </summary>
public sealed record Notice
{
    /// <summary><c>ntc_…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary><see cref="NoticeKind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>
    /// The kind of the credential, such as <c>api_key</c>; <c>application</c> if all its credentials were revoked at once; <c>role_request</c>.
    /// </summary>
    public required string TargetType { get; init; }

    /// <summary>Its id.</summary>
    public required string TargetId { get; init; }

    /// <summary>Its name at that time.</summary>
    public required string Name { get; init; }

    /// <summary>The organization in which the credential acts, that owns the application, or in which it happened; <c>null</c> = none.</summary>
    public string? OrganizationId { get; init; }

    /// <summary>The reason as the audit trail has it; <c>null</c> = none was given.</summary>
    public string? Reason { get; init; }
}

/// <summary>The kinds of <see cref="Notice"/>.</summary>
public static class NoticeKind
{
    /// <summary>Its holder should replace it; the reason says by when.</summary>
    public const string Due = "due";

    /// <summary>Its expiry has passed.</summary>
    public const string Expired = "expired";

    /// <summary>Another person or the server revoked it.</summary>
    public const string Revoked = "revoked";

    /// <summary>Another person disabled it.</summary>
    public const string Disabled = "disabled";

    /// <summary>A personal access token: another person ended what it may do in the organization of the notice. It works on elsewhere.</summary>
    public const string Excluded = "excluded";

    /// <summary>It was found where it must not be.</summary>
    public const string Leaked = "leaked";

    /// <summary>It was used from a network for the first time.</summary>
    public const string NewNetwork = "new_network";

    /// <summary>Another person approved it: the credential works from now on, or the user has the role. A credential that is denied is revoked.</summary>
    public const string Approved = "approved";

    /// <summary>Another person denied the role.</summary>
    public const string Denied = "denied";
}
