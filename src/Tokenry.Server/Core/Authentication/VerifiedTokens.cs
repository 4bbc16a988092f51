using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Tokenry.Protocol.Jose;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// Access tokens whose signature was good, by the SHA-256 of the whole string, so that a token is verified once and not at each request. Facts
/// and no decisions: time, deny list, application, credential and rights are looked at every time. Only who holds a genuine token gets in.
/// </summary>
internal sealed class VerifiedTokens
{
    /// <summary>Of one generation; two are kept, some kilobytes a token.</summary>
    private const int Most = 5000;

    private readonly TwoGenerationCache<Digest, Entry> tokens = new(Most);

    /// <param name="presented">The token.</param>
    /// <param name="findKey">The keys that may sign now; a token of any other is not known.</param>
    /// <param name="entry">What it says.</param>
    public bool TryGet(string presented, Func<string, VerificationKey?> findKey, [NotNullWhen(true)] out Entry? entry)
    {
        entry = null;
        return Digest.TryMake(presented, out var digest)
            && tokens.TryGet(digest, out entry)
            && ReferenceEquals(findKey(entry.Key.KeyId), entry.Key);
    }

    /// <param name="presented">A token whose signature is good.</param>
    /// <param name="entry">What it says.</param>
    public void Add(string presented, Entry entry)
    {
        if (Digest.TryMake(presented, out var digest))
        {
            tokens.Set(digest, entry);
        }
    }

    /// <param name="Token">Its claims.</param>
    /// <param name="MadeAt">When it was made, in Unix ms.</param>
    /// <param name="Key">What signed it.</param>
    public sealed record Entry(AccessToken Token, long MadeAt, VerificationKey Key);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Digest(ulong First, ulong Second, ulong Third, ulong Fourth)
    {
        // Any part of a digest is as good as a hash of it; whoever could choose it would have to forge a token first.
        public override int GetHashCode() => (int)First;

        /// <summary>False for what is too long for a token, or not ASCII.</summary>
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
