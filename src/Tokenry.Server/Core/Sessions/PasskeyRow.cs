using Microsoft.AspNetCore.Identity;
using Tokenry.Protocol.Api;

namespace Tokenry.Server.Core.Sessions;

/// <summary>A passkey as stored.</summary>
public sealed class PasskeyRow
{
    public const string Columns =
        "id, user_id, credential_id, public_key, name, transports, sign_count, backup_eligible, backed_up, created_at, last_used_at, suspected_at";

    /// <summary>The prefix of <see cref="Id"/>.</summary>
    public const string IdPrefix = "psk";

    public string Id { get; init; } = "";

    public string UserId { get; init; } = "";

    /// <summary>The authenticator's name of the key, at most 1023 bytes.</summary>
    public byte[] CredentialId { get; init; } = [];

    /// <summary>The public key as a COSE key (RFC 9053).</summary>
    public byte[] PublicKey { get; init; } = [];

    public string Name { get; init; } = "";

    /// <summary>How a browser reaches the authenticator (WebAuthn §5.8.4), separated by commas; a hint.</summary>
    public string Transports { get; init; } = "";

    /// <summary>The newest value of the authenticator's counter; 0 = it has none.</summary>
    public long SignCount { get; init; }

    /// <summary>1 = the key may be copied to the person's other devices.</summary>
    public long BackupEligible { get; init; }

    /// <summary>1 = it was, when it was last used.</summary>
    public long BackedUp { get; init; }

    /// <summary>Unix ms.</summary>
    public long CreatedAt { get; init; }

    /// <summary>Unix ms; <c>null</c> = never.</summary>
    public long? LastUsedAt { get; init; }

    /// <summary>Unix ms: when the counter last went back; <c>null</c> = it never did.</summary>
    public long? SuspectedAt { get; init; }

    public Passkey ToPasskey() =>
        new()
        {
            Id = Id,
            UserId = UserId,
            Name = Name,
            BackedUp = BackedUp == 1,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            LastUsedAt = At(LastUsedAt),
            SuspectedAt = At(SuspectedAt),
        };

    /// <summary>The passkey for the framework's check of an answer. Its counter is 0 there: <see cref="PasskeyStore.AcceptAsync"/> compares it, in the mutation.</summary>
    internal UserPasskeyInfo ToInfo() =>
        new(
            CredentialId,
            PublicKey,
            DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            signCount: 0,
            Transports.Split(',', StringSplitOptions.RemoveEmptyEntries),
            isUserVerified: true,
            isBackupEligible: BackupEligible == 1,
            isBackedUp: BackedUp == 1,
            attestationObject: [],
            clientDataJson: []
        );

    private static DateTimeOffset? At(long? milliseconds) =>
        milliseconds is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known) : null;
}
