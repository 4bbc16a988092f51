using Tokenry.Protocol.Api;

namespace Tokenry.Server.Core.Signing;

/// <summary>A signing key as stored; times are Unix milliseconds.</summary>
public sealed class SigningKeyRow
{
    public const string Columns =
        "key_id, algorithm, state, public_key, sealed_private_key, on_token, created_at, activates_at, activated_at, retired_at, removes_at, ended_at";

    public string KeyId { get; init; } = "";

    public string Algorithm { get; init; } = "";

    public string State { get; init; } = "";

    /// <summary>SubjectPublicKeyInfo.</summary>
    public byte[] PublicKey { get; init; } = [];

    /// <summary>Empty after the key was removed or tainted, or if the private key is on the PKCS#11 token.</summary>
    public byte[] SealedPrivateKey { get; init; } = [];

    /// <summary>1 while the private key is on the PKCS#11 token, else 0.</summary>
    public long OnToken { get; init; }

    public long CreatedAt { get; init; }

    public long? ActivatesAt { get; init; }

    public long? ActivatedAt { get; init; }

    public long? RetiredAt { get; init; }

    public long? RemovesAt { get; init; }

    public long? EndedAt { get; init; }

    public bool IsActive => State == SigningKeyState.Active;

    public bool IsOnToken => OnToken != 0;

    public bool IsNext => State == SigningKeyState.Next;

    /// <summary>Whether both rows are equal in everything that a process acts on.</summary>
    public bool IsAs(SigningKeyRow other) =>
        KeyId == other.KeyId && State == other.State && ActivatesAt == other.ActivatesAt && RemovesAt == other.RemovesAt;

    public Protocol.Api.SigningKey ToSigningKey() =>
        new()
        {
            Id = KeyId,
            Algorithm = Algorithm,
            State = State,
            OnToken = IsOnToken,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            ActivatesAt = Time(ActivatesAt),
            ActivatedAt = Time(ActivatedAt),
            RetiredAt = Time(RetiredAt),
            RemovesAt = Time(RemovesAt),
            EndedAt = Time(EndedAt),
        };

    private static DateTimeOffset? Time(long? at) => at is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known) : null;
}
