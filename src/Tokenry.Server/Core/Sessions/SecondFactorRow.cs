namespace Tokenry.Server.Core.Sessions;

/// <summary>A second factor as stored.</summary>
public sealed class SecondFactorRow
{
    public const string Columns = "user_id, sealed_secret, created_at, confirmed_at, last_step, failures, next_try_at";

    public string UserId { get; init; } = "";

    /// <summary>The secret of the app, sealed under the key-encryption key for <see cref="SecondFactors.SealPurpose"/>.</summary>
    public byte[] SealedSecret { get; init; } = [];

    /// <summary>Unix ms.</summary>
    public long CreatedAt { get; init; }

    /// <summary>Unix ms: when the person entered the first code; <c>null</c> = not yet.</summary>
    public long? ConfirmedAt { get; init; }

    /// <summary>The newest time step whose code was accepted.</summary>
    public long LastStep { get; init; }

    /// <summary>Wrong codes since the last right one.</summary>
    public long Failures { get; init; }

    /// <summary>Unix ms: the server compares no code before.</summary>
    public long NextTryAt { get; init; }

    /// <summary>Whether the person signs in with it.</summary>
    public bool IsActive => ConfirmedAt is not null;
}
