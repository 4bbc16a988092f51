namespace Tokenry.Server.Core.Credentials;

/// <summary>The values that a rotation stores; times in Unix ms. A class, because a record would print the secret.</summary>
public sealed class Rotation
{
    public required MintedSecret Secret { get; init; }

    /// <summary>The version of the secret that is replaced (<see cref="CredentialStore.NewestVersionAsync"/>).</summary>
    public required long Newest { get; init; }

    /// <summary>Whether the new secret has a signing key.</summary>
    public required bool Signs { get; init; }

    /// <summary>The principal that requests the rotation.</summary>
    public required string By { get; init; }

    public required long Now { get; init; }

    /// <summary>When the secret that is replaced ends.</summary>
    public required long GraceEnd { get; init; }

    /// <summary>The credential's expiry from now on.</summary>
    public required long? ExpiresAt { get; init; }

    /// <summary>When it is due from now on.</summary>
    public required long? DueAt { get; init; }

    /// <summary>Access tokens it bought earlier than this are refused; <c>null</c> = no change.</summary>
    public required long? TokensSince { get; init; }
}
