namespace Tokenry.Server.Features.SignIn;

/// <summary>What a person gives to an authenticator app. A class and not a record: a record would print the secret.</summary>
public sealed class SecondFactorEnrolment
{
    /// <summary>The secret in base32, in groups of four.</summary>
    public required string Key { get; init; }

    /// <summary>The same as an <c>otpauth:</c> address, for a picture that the app reads.</summary>
    public required string Address { get; init; }
}

/// <summary>The second factor of a person, for their own page.</summary>
/// <param name="Since">When it was turned on; <c>null</c> = it is off.</param>
/// <param name="RecoveryCodes">How many recovery codes were not used yet.</param>
public sealed record SecondFactorState(DateTimeOffset? Since, long RecoveryCodes);
