using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// Challenges for passkeys. The page keeps a challenge, sealed for one purpose in one browser, and sends it back with the answer. So a page costs the store
/// nothing, and every replica knows the challenge, also after a restart. An answer counts once: the mutation that it allows claims the challenge.
/// </summary>
public sealed class PasskeyChallenges(KeyRing keys, TimeProvider time)
{
    /// <summary>How long a person has for the answer.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    /// <summary>A claim outlives its challenge by this, for replicas whose clocks differ.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(1);

    private const string Kind = "passkey_challenge";
    private const int LongestText = 2048;
    private const int TimeBytes = sizeof(long);

    /// <param name="state">What the framework needs to check the answer; it contains the random challenge.</param>
    /// <param name="purpose">What the answer is for, and in which browser.</param>
    public string Seal(string state, string purpose)
    {
        var plain = new byte[TimeBytes + Encoding.UTF8.GetByteCount(state)];
        BinaryPrimitives.WriteInt64BigEndian(plain, (time.GetUtcNow() + Life).ToUnixTimeMilliseconds());
        Encoding.UTF8.GetBytes(state, plain.AsSpan(TimeBytes));
        return Base64Url.EncodeToString(keys.Seal(plain, SealPurpose(purpose)));
    }

    /// <returns>The challenge; <c>null</c> = it expired, or was made for another purpose or browser, or is none.</returns>
    /// <inheritdoc cref="Seal"/>
    /// <param name="text">The sealed challenge.</param>
    /// <param name="purpose">What the answer is for, and in which browser.</param>
    public PasskeyChallenge? Open(string text, string purpose)
    {
        if (text.Length is 0 or > LongestText || !Base64Url.IsValid(text, out var length) || length <= TimeBytes)
        {
            return null;
        }

        byte[] plain;
        try
        {
            plain = keys.Open(Base64Url.DecodeFromChars(text), SealPurpose(purpose));
        }
        catch (CryptographicException)
        {
            return null;
        }

        var end = BinaryPrimitives.ReadInt64BigEndian(plain);
        return end > time.GetUtcNow().ToUnixTimeMilliseconds()
            ? new PasskeyChallenge(Encoding.UTF8.GetString(plain.AsSpan(TimeBytes)), SHA256.HashData(plain), end)
            : null;
    }

    /// <summary>Claims a challenge for the mutation that its answer allows.</summary>
    /// <returns>Whether no answer to it counted before, on any replica.</returns>
    public static Task<bool> ClaimAsync(WriteTransaction tx, PasskeyChallenge challenge) =>
        SingleUse.ClaimAsync(tx, Kind, challenge.Hash, challenge.ExpiresAt + (long)Tolerance.TotalMilliseconds);

    private static string SealPurpose(string purpose) => "passkey-challenge/" + purpose;
}

/// <summary>A challenge that counts now.</summary>
/// <param name="State">What the framework needs to check the answer.</param>
/// <param name="Hash">SHA-256 of it.</param>
/// <param name="ExpiresAt">Unix ms.</param>
public sealed record PasskeyChallenge(string State, byte[] Hash, long ExpiresAt);
