using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Tokenry.Protocol.Credentials;

/// <summary>
/// The stored digest of a credential: <c>HMAC-SHA256(pepper, SHA-256(credential))</c>. The inner hash allows importing digests from other systems and reporting
/// leaks by hash. The pepper is outside the database, so a stolen table is useless. A slow hash is unnecessary: a 256-bit random secret cannot be guessed.
/// </summary>
public static class SecretDigest
{
    /// <summary>Bytes of a digest, and of the SHA-256 in it.</summary>
    public const int Length = 32;

    private const int StackBytes = 512;

    /// <summary>The digest of a credential's text; for the text see <see cref="Sha256"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <see cref="Length"/>.</exception>
    public static void Compute(ReadOnlySpan<char> credential, ReadOnlySpan<byte> pepper, Span<byte> destination)
    {
        Span<byte> sha256 = stackalloc byte[Length];
        Sha256(credential, sha256);
        Pepper(sha256, pepper, destination);
        CryptographicOperations.ZeroMemory(sha256);
    }

    /// <summary>
    /// The SHA-256 in a digest. Total: it encodes a text outside ASCII, which is no credential, as UTF-8. It does not allocate for a text of up to 170
    /// characters.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <see cref="Length"/>.</exception>
    public static void Sha256(ReadOnlySpan<char> credential, Span<byte> destination)
    {
        var needed = Encoding.UTF8.GetMaxByteCount(credential.Length);
        byte[]? rented = null;
        var bytes = needed <= StackBytes ? stackalloc byte[StackBytes] : rented = ArrayPool<byte>.Shared.Rent(needed);
        var written = Encoding.UTF8.GetBytes(credential, bytes);

        SHA256.HashData(bytes[..written], destination);
        CryptographicOperations.ZeroMemory(bytes[..written]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>The digest of a credential of which only the SHA-256 is known: an imported one, or a leaked one that was reported.</summary>
    /// <exception cref="ArgumentException">
    /// <paramref name="sha256"/> is not 32 bytes, or <paramref name="destination"/> shorter than <see cref="Length"/>.
    /// </exception>
    public static void Pepper(ReadOnlySpan<byte> sha256, ReadOnlySpan<byte> pepper, Span<byte> destination)
    {
        if (sha256.Length != Length)
        {
            throw new ArgumentException("A SHA-256 has 32 bytes.", nameof(sha256));
        }

        HMACSHA256.HashData(pepper, sha256, destination);
    }

    /// <summary>Compares in time that depends only on the lengths; false if the lengths differ.</summary>
    public static bool Equals(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) => CryptographicOperations.FixedTimeEquals(a, b);
}
