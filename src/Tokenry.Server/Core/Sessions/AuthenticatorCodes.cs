using System.Security.Cryptography;
using OtpNet;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// The six digits of an authenticator app: TOTP (RFC 6238) with HMAC-SHA-1 and steps of 30 seconds, which every such app knows. The clock of a phone may be
/// one step off (§5.2).
/// </summary>
public static class AuthenticatorCodes
{
    private const int SecretBytes = 20; // RFC 4226 §4: at least 128 bits, 160 recommended
    private const int Digits = 6;

    private static readonly VerificationWindow Window = new(previous: 1, future: 1);

    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(SecretBytes);

    /// <summary>The time step of a code; <c>null</c> = it is the code of none that counts now.</summary>
    /// <param name="secret">The secret.</param>
    /// <param name="code">The code as typed, without spaces.</param>
    /// <param name="now">The time.</param>
    public static long? StepOf(byte[] secret, string code, DateTimeOffset now) =>
        code.Length == Digits && code.All(char.IsAsciiDigit) && new Totp(secret).VerifyTotp(now.UtcDateTime, code, out var step, Window)
            ? step
            : null;

    /// <summary>The secret as a person types it into an app: base32 (RFC 4648 §6) in groups of four.</summary>
    public static string Spelled(byte[] secret) =>
        string.Join(' ', Base32Encoding.ToString(secret).Chunk(4).Select(group => new string(group)));

    /// <summary>The address that an app reads from a picture.</summary>
    /// <param name="secret">The secret.</param>
    /// <param name="server">The server's name in the app.</param>
    /// <param name="account">The account's name in the app.</param>
    public static string Address(byte[] secret, string server, string account)
    {
        var (issuer, name) = (Uri.EscapeDataString(server), Uri.EscapeDataString(account));
        return $"otpauth://totp/{issuer}:{name}?secret={Base32Encoding.ToString(secret).TrimEnd('=')}&issuer={issuer}";
    }
}
