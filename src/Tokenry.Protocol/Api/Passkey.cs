namespace Tokenry.Protocol.Api;

/// <summary>A passkey (WebAuthn) with which a user signs in on pages. It needs no password and no code.</summary>
public sealed record Passkey
{
    /// <summary><c>psk_…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The user.</summary>
    public required string UserId { get; init; }

    /// <summary>The name that the user gave it.</summary>
    public required string Name { get; init; }

    /// <summary>Whether the user's other devices have it too, as the authenticator said at the last use.</summary>
    public required bool BackedUp { get; init; }

    /// <summary>When the user added it.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last used; <c>null</c> if never.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>When the counter of its authenticator last went back, so that a copy of it may exist; <c>null</c> if it never did.</summary>
    public DateTimeOffset? SuspectedAt { get; init; }
}
