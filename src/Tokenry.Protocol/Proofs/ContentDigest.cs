using System.Security.Cryptography;

namespace Tokenry.Protocol.Proofs;

/// <summary>The <c>Content-Digest</c> field (RFC 9530 §2). A signature that covers the field covers the body.</summary>
public static class ContentDigest
{
    /// <summary>The name of the field, in lower case.</summary>
    public const string FieldName = "content-digest";

    /// <summary>SHA-256.</summary>
    public const string Sha256 = "sha-256";

    /// <summary>SHA-512.</summary>
    public const string Sha512 = "sha-512";

    private const int MaxDigests = 8;

    /// <summary>The value of the field for <paramref name="content"/>.</summary>
    /// <param name="content">The bytes as they are sent, after content coding and before transfer coding.</param>
    /// <param name="algorithm"><see cref="Sha256"/> or <see cref="Sha512"/>.</param>
    /// <exception cref="ArgumentException">The algorithm is none of these.</exception>
    public static string Of(ReadOnlySpan<byte> content, string algorithm = Sha256) =>
        Digest(algorithm, content) is { } digest
            ? $"{algorithm}=:{Convert.ToBase64String(digest)}:"
            : throw new ArgumentException("The algorithm must be sha-256 or sha-512.", nameof(algorithm));

    /// <summary>
    /// True if the field has a digest of SHA-256 or SHA-512, each of these is the content's digest, and no algorithm is one that RFC 9530 §5 calls insecure.
    /// Unknown algorithms are ignored. Total.
    /// </summary>
    /// <param name="lines">The lines of the field.</param>
    /// <param name="content">The bytes as received.</param>
    public static bool Matches(IReadOnlyList<string?> lines, ReadOnlySpan<byte> content)
    {
        ArgumentNullException.ThrowIfNull(lines);
        if (
            StructuredFieldReader.Join(lines) is not { } field
            || !StructuredFieldReader.TryReadByteSequences(field, MaxDigests, out var digests)
        )
        {
            return false;
        }

        var matches = 0;
        foreach (var (algorithm, digest) in digests)
        {
            if (algorithm is "md5" or "sha" or "unixsum" or "unixcksum" or "adler" or "crc32c")
            {
                return false;
            }

            if (Digest(algorithm, content) is { } expected)
            {
                if (!CryptographicOperations.FixedTimeEquals(digest, expected))
                {
                    return false;
                }

                matches++;
            }
        }

        return matches > 0;
    }

    private static byte[]? Digest(string algorithm, ReadOnlySpan<byte> content) =>
        algorithm switch
        {
            Sha256 => SHA256.HashData(content),
            Sha512 => SHA512.HashData(content),
            _ => null,
        };
}
