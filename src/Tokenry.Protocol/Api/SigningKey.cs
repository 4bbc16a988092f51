namespace Tokenry.Protocol.Api;

/// <summary>A key that signs access tokens. Its public half is in the JWK set while it is next, active or retired.</summary>
public sealed record SigningKey
{
    /// <summary>The <c>kid</c>: the key's RFC 7638 thumbprint, 43 characters of base64url.</summary>
    public required string Id { get; init; }

    /// <summary>What it signs with: <c>ES256</c> or <c>RS256</c> (RFC 7518 §3.1).</summary>
    public required string Algorithm { get; init; }

    /// <summary><c>next</c>, <c>active</c>, <c>retired</c>, <c>removed</c> or <c>tainted</c>; see <see cref="SigningKeyState"/>.</summary>
    public required string State { get; init; }

    /// <summary>True while its private half is on the server's PKCS#11 token, and so neither in the database nor in memory.</summary>
    public required bool OnToken { get; init; }

    /// <summary>When it was made and published.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When a key that is next begins to sign; <c>null</c> in every other state.</summary>
    public DateTimeOffset? ActivatesAt { get; init; }

    /// <summary>When it began to sign; <c>null</c> if it never did.</summary>
    public DateTimeOffset? ActivatedAt { get; init; }

    /// <summary>When it stopped signing; <c>null</c> if it has not, or was tainted before.</summary>
    public DateTimeOffset? RetiredAt { get; init; }

    /// <summary>When a retired key leaves the JWK set; <c>null</c> in every other state.</summary>
    public DateTimeOffset? RemovesAt { get; init; }

    /// <summary>When it was removed or tainted.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>Values of <see cref="SigningKey.State"/>, in the order in which a key passes them.</summary>
public static class SigningKeyState
{
    /// <summary>Published, so that verifiers know it before it signs.</summary>
    public const string Next = "next";

    /// <summary>Signs; one key of each algorithm in use.</summary>
    public const string Active = "active";

    /// <summary>Signs no more; published while tokens of it may live.</summary>
    public const string Retired = "retired";

    /// <summary>Not published any more; its private half is destroyed.</summary>
    public const string Removed = "removed";

    /// <summary>Held to be known to others: refused at once, and its private half is destroyed.</summary>
    public const string Tainted = "tainted";
}

/// <summary>Body of <c>POST /v1/signing-keys/rotate</c>.</summary>
public sealed record SigningKeyRotationRequest
{
    /// <inheritdoc cref="SigningKey.Algorithm"/>
    public required string Algorithm { get; init; }

    /// <summary>True makes the new key sign now, although verifiers may not have fetched it yet; <c>false</c> if left out.</summary>
    public bool? Immediately { get; init; }
}

/// <summary>Body of <c>POST /v1/signing-keys/{id}/taint</c>.</summary>
public sealed record SigningKeyTaintRequest
{
    /// <summary>Why, for the audit: 1 to 200 characters.</summary>
    public required string Reason { get; init; }
}
