using Tokenry.Protocol.Api;

namespace Tokenry.Server.Core.Sessions;

/// <summary>An account at an outside provider, as stored.</summary>
public sealed class LinkedAccountRow
{
    public const string Columns = "id, user_id, issuer, subject, label, created_at, last_used_at";

    /// <summary>The prefix of <see cref="Id"/>.</summary>
    public const string IdPrefix = "lac";

    public string Id { get; init; } = "";

    public string UserId { get; init; } = "";

    /// <summary>The provider, as its tokens name it.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>The account, as the provider names it.</summary>
    public string Subject { get; init; } = "";

    /// <summary>The e-mail address or name that the provider told when the account was linked, for people.</summary>
    public string Label { get; init; } = "";

    /// <summary>Unix ms.</summary>
    public long CreatedAt { get; init; }

    /// <summary>Unix ms; <c>null</c> = never.</summary>
    public long? LastUsedAt { get; init; }

    public LinkedAccount ToAccount() =>
        new()
        {
            Id = Id,
            UserId = UserId,
            Issuer = Issuer,
            Subject = Subject,
            Label = Label,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            LastUsedAt = LastUsedAt is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known) : null,
        };
}
