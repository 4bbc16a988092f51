namespace Tokenry.Server.Core.Authentication;

/// <summary>The facts that the server needs about a session to decide. Only the time of its last use moves.</summary>
public sealed class SessionFacts
{
    private long lastSeenAt;

    /// <summary>The public id, <c>ses_…</c>.</summary>
    public required string Id { get; init; }

    public required string UserId { get; init; }

    /// <summary>SHA-256 of the cookie's value.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>Unix ms: when the person last proved who they are.</summary>
    public required long AuthenticatedAt { get; init; }

    /// <summary>Unix ms: the session ends then, however much it is used.</summary>
    public required long EndsAt { get; init; }

    /// <summary>Unix ms. This process may know of a later use than the store, and another process of a later one still.</summary>
    public long LastSeenAt
    {
        get => Interlocked.Read(ref lastSeenAt);
        set => Interlocked.Exchange(ref lastSeenAt, value);
    }
}
