namespace Tokenry.Server.Core.Sessions;

/// <summary>A session as stored, without the hash of its cookie.</summary>
public sealed class SessionRow
{
    public const string Columns = "id, user_id, created_at, last_seen_at, authenticated_at, ends_at, ip, agent";

    public string Id { get; init; } = "";

    public string UserId { get; init; } = "";

    public long CreatedAt { get; init; }

    public long LastSeenAt { get; init; }

    /// <summary>When the person last proved who they are.</summary>
    public long AuthenticatedAt { get; init; }

    public long EndsAt { get; init; }

    /// <summary>The address of the last use.</summary>
    public string? Ip { get; init; }

    /// <summary>The user agent of the last use.</summary>
    public string? Agent { get; init; }
}
