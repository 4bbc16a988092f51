namespace Tokenry.Protocol.Api;

/// <summary>A session of a person who is signed in on a page. Its secret is in the cookie of that browser, and nowhere else.</summary>
public sealed record Session
{
    /// <summary><c>ses_…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The user.</summary>
    public required string UserId { get; init; }

    /// <summary>When the person signed in.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the session was last used, to a minute.</summary>
    public required DateTimeOffset LastSeenAt { get; init; }

    /// <summary>When it ends if it is not used again.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The address that it was last used from.</summary>
    public string? Ip { get; init; }

    /// <summary>The browser, as it names itself.</summary>
    public string? Agent { get; init; }

    /// <summary>Whether it is the session that asks. For a caller with a token it never is.</summary>
    public required bool Current { get; init; }
}

/// <summary>Answer of <c>POST /v1/users/{id}/sign-in-links</c>: a link with which the user sets a password, once.</summary>
public sealed class SignInLink
{
    /// <summary>The user who sets a password with it.</summary>
    public required string UserId { get; init; }

    /// <summary>The address to open. Give it to the user and to no other person: it is shown once, and its holder becomes the user.</summary>
    public required string Url { get; init; }

    /// <summary>Whether its use also removes the user's second factor. Otherwise the user enters a code after the new password.</summary>
    public required bool ResetsSecondFactor { get; init; }

    /// <summary>When it stops working. A newer link, or its use, ends it earlier.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}
