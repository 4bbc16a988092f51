using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Tokenry.Protocol.Jose;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// Access tokens with a verified signature, by the SHA-256 of the whole string, so that a token is verified once and not at each request. The cache holds
/// facts, not decisions: every request checks time, deny list, application, credential and rights. Only genuine tokens enter it.
/// </summary>
internal sealed class VerifiedTokens
{
    /// <summary>Tokens per generation. The cache keeps two generations; a token takes some kilobytes.</summary>
    private const int Most = 5000;

    private readonly TwoGenerationCache<Digest, Entry> tokens = new(Most);

    /// <param name="presented">The token.</param>
    /// <param name="findKey">The keys that may sign now; a token of any other key is not found.</param>
    /// <param name="entry">The verified token.</param>
    public bool TryGet(string presented, Func<string, VerificationKey?> findKey, [NotNullWhen(true)] out Entry? entry)
    {
        entry = null;
        return Digest.TryMake(presented, out var digest)
            && tokens.TryGet(digest, out entry)
            && ReferenceEquals(findKey(entry.Key.KeyId), entry.Key);
    }

    /// <param name="presented">A token with a valid signature.</param>
    /// <param name="entry">The verified token.</param>
    public void Add(string presented, Entry entry)
    {
        if (Digest.TryMake(presented, out var digest))
        {
            tokens.Set(digest, entry);
        }
    }

    /// <param name="Token">Its claims.</param>
    /// <param name="MadeAt">When it was made, in Unix ms.</param>
    /// <param name="Key">The key that signed it.</param>
    public sealed record Entry(AccessToken Token, long MadeAt, VerificationKey Key);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Digest(ulong First, ulong Second, ulong Third, ulong Fourth)
    {
        // Any part of a digest serves as a hash. An attacker could choose it only by forging a token.
        public override int GetHashCode() => (int)First;

        /// <summary>False if the string is too long for a token, or not ASCII.</summary>
        public static bool TryMake(string presented, out Digest digest)
        {
            digest = default;
            Span<byte> ascii = stackalloc byte[CompactJws.MaxLength];
            if (presented.Length > ascii.Length || Ascii.FromUtf16(presented, ascii, out var length) != OperationStatus.Done)
            {
                return false;
            }

            SHA256.HashData(ascii[..length], MemoryMarshal.AsBytes(new Span<Digest>(ref digest)));
            return true;
        }
    }
}
