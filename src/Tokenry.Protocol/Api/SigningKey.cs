namespace Tokenry.Protocol.Api;

/// <summary>A key that signs access tokens. Its public half is in the JWK set while its state is next, active or retired.</summary>
public sealed record SigningKey
{
    /// <summary>The <c>kid</c>: the key's RFC 7638 thumbprint, 43 characters of base64url.</summary>
    public required string Id { get; init; }

    /// <summary>The algorithm with which it signs: <c>ES256</c> or <c>RS256</c> (RFC 7518 §3.1).</summary>
    public required string Algorithm { get; init; }

    /// <summary><c>next</c>, <c>active</c>, <c>retired</c>, <c>removed</c> or <c>tainted</c>; see <see cref="SigningKeyState"/>.</summary>
    public required string State { get; init; }

    /// <summary>Whether its private half is on the server's PKCS#11 token, and so neither in the database nor in memory.</summary>
    public required bool OnToken { get; init; }

    /// <summary>When it was created and published.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>In the state <c>next</c>: when it starts to sign; <c>null</c> in every other state.</summary>
    public DateTimeOffset? ActivatesAt { get; init; }

    /// <summary>When it started to sign; <c>null</c> if it never did.</summary>
    public DateTimeOffset? ActivatedAt { get; init; }

    /// <summary>When it stopped signing; <c>null</c> if it still signs, or was tainted before.</summary>
    public DateTimeOffset? RetiredAt { get; init; }

    /// <summary>In the state <c>retired</c>: when it leaves the JWK set; <c>null</c> in every other state.</summary>
    public DateTimeOffset? RemovesAt { get; init; }

    /// <summary>When it was removed or tainted; <c>null</c> in every other state.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>Values of <see cref="SigningKey.State"/>, in the order in which a key goes through them.</summary>
public static class SigningKeyState
{
    /// <summary>Published but not signing yet, so that verifiers know the key before it signs.</summary>
    public const string Next = "next";

    /// <summary>Signs; one key for each algorithm in use.</summary>
    public const string Active = "active";

    /// <summary>Does not sign any more; published while its tokens may still be valid.</summary>
    public const string Retired = "retired";

    /// <summary>Not published any more; the server destroyed its private half.</summary>
    public const string Removed = "removed";

    /// <summary>Treated as leaked: the server refuses its tokens at once and destroyed its private half.</summary>
    public const string Tainted = "tainted";
}

/// <summary>Body of <c>POST /v1/signing-keys/rotate</c>.</summary>
public sealed record SigningKeyRotationRequest
{
    /// <inheritdoc cref="SigningKey.Algorithm"/>
    public required string Algorithm { get; init; }

    /// <summary><c>true</c> = the new key signs now, although verifiers may not have fetched it yet; default <c>false</c>.</summary>
    public bool? Immediately { get; init; }
}

/// <summary>Body of <c>POST /v1/signing-keys/{id}/taint</c>.</summary>
public sealed record SigningKeyTaintRequest
{
    /// <summary>The reason, for the audit: 1 to 200 characters.</summary>
    public required string Reason { get; init; }
}
