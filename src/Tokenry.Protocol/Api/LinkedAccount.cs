namespace Tokenry.Protocol.Api;

/// <summary>An account at an outside OpenID Connect provider with which a user signs in on pages. Issuer and subject name it.</summary>
public sealed record LinkedAccount
{
    /// <summary><c>lac_…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The user.</summary>
    public required string UserId { get; init; }

    /// <summary>The provider, as its tokens name it (<c>iss</c>).</summary>
    public required string Issuer { get; init; }

    /// <summary>The account, as the provider names it (<c>sub</c>).</summary>
    public required string Subject { get; init; }

    /// <summary>The e-mail address or name that the provider told when the account was linked, for people.</summary>
    public required string Label { get; init; }

    /// <summary>When the account was linked.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the user last signed in with it; <c>null</c> if never.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }
}

/// <summary>Body of <c>POST /v1/users/{id}/linked-accounts</c>.</summary>
public sealed record LinkedAccountRequest
{
    /// <inheritdoc cref="LinkedAccount.Issuer"/>
    public required string Issuer { get; init; }

    /// <inheritdoc cref="LinkedAccount.Subject"/>
    public required string Subject { get; init; }
}
