using System.Collections.Concurrent;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Proofs;

/// <summary>An imported key from a proof's header.</summary>
internal sealed record BroughtKey(VerificationKey Key, string Thumbprint);

/// <summary>
/// Caches keys of proofs with a valid signature, by the encoded header that contained them: the proofs of a client have the same header, and importing a key
/// costs more than verifying with it. Bounded: when one half is full, the other half is dropped, which has only keys not used since. Thread-safe.
/// </summary>
internal sealed class BroughtKeys
{
    private const int MostInHalf = 4096;

    /// <summary>In characters; the header has about 250 with a P-256 key, and about 600 with RSA of 2048 bits.</summary>
    private const int LongestHeader = 1024;

    private readonly Lock turning = new();
    private volatile ConcurrentDictionary<string, BroughtKey> young = new(StringComparer.Ordinal);
    private volatile ConcurrentDictionary<string, BroughtKey> old = new(StringComparer.Ordinal);
    private int count;

    /// <param name="header">The first part of the proof, as received.</param>
    public BroughtKey? Find(ReadOnlySpan<char> header)
    {
        if (young.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(header, out var key))
        {
            return key;
        }

        if (old.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(header, out key))
        {
            Keep(header, key);
            return key;
        }

        return null;
    }

    /// <summary>Adds the key of a proof that it has verified. A dropped key is not disposed, because another thread may be verifying with it.</summary>
    public void Keep(ReadOnlySpan<char> header, BroughtKey key)
    {
        if (header.Length > LongestHeader)
        {
            return;
        }

        lock (turning)
        {
            if (count == MostInHalf)
            {
                (old, young, count) = (young, new(StringComparer.Ordinal), 0);
            }

            count += young.TryAdd(header.ToString(), key) ? 1 : 0;
        }
    }
}
