using Tokenry.Protocol.Api;

namespace Tokenry.Server.Foundation.Signing;

/// <summary>A signing key as stored; times are Unix milliseconds.</summary>
public sealed class SigningKeyRow
{
    public const string Columns =
        "key_id, algorithm, state, sealed_private_key, created_at, activates_at, activated_at, retired_at, removes_at, ended_at";

    public string KeyId { get; init; } = "";

    public string Algorithm { get; init; } = "";

    public string State { get; init; } = "";

    /// <summary>Empty once the key is removed or tainted.</summary>
    public byte[] SealedPrivateKey { get; init; } = [];

    public long CreatedAt { get; init; }

    public long? ActivatesAt { get; init; }

    public long? ActivatedAt { get; init; }

    public long? RetiredAt { get; init; }

    public long? RemovesAt { get; init; }

    public long? EndedAt { get; init; }

    public bool IsActive => State == SigningKeyState.Active;

    public bool IsNext => State == SigningKeyState.Next;

    /// <summary>Whether it differs in anything that a process acts on.</summary>
    public bool IsAs(SigningKeyRow other) =>
        KeyId == other.KeyId && State == other.State && ActivatesAt == other.ActivatesAt && RemovesAt == other.RemovesAt;

    public Protocol.Api.SigningKey ToSigningKey() =>
        new()
        {
            Id = KeyId,
            Algorithm = Algorithm,
            State = State,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            ActivatesAt = Time(ActivatesAt),
            ActivatedAt = Time(ActivatedAt),
            RetiredAt = Time(RetiredAt),
            RemovesAt = Time(RemovesAt),
            EndedAt = Time(EndedAt),
        };

    private static DateTimeOffset? Time(long? at) => at is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known) : null;
}
