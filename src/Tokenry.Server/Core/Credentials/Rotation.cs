namespace Tokenry.Server.Core.Credentials;

/// <summary>What a rotation stores; times in Unix ms. A class and not a record: a record would print the secret.</summary>
public sealed class Rotation
{
    public required MintedSecret Secret { get; init; }

    /// <summary>The version of the secret that is replaced (<see cref="CredentialStore.NewestVersionAsync"/>).</summary>
    public required long Newest { get; init; }

    /// <summary>Whether the new secret has a signing key.</summary>
    public required bool Signs { get; init; }

    /// <summary>The principal that has it made.</summary>
    public required string By { get; init; }

    public required long Now { get; init; }

    /// <summary>When the secret that is replaced ends.</summary>
    public required long GraceEnd { get; init; }

    /// <summary>The credential's expiry from now on.</summary>
    public required long? ExpiresAt { get; init; }

    /// <summary>When it is due from now on.</summary>
    public required long? DueAt { get; init; }

    /// <summary>From when on access tokens that it bought are good; <c>null</c> = nothing changes.</summary>
    public required long? TokensSince { get; init; }
}
