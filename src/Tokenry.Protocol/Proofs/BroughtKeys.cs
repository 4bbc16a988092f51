using System.Collections.Concurrent;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Proofs;

/// <summary>A key that came in a proof's header, imported.</summary>
internal sealed record BroughtKey(VerificationKey Key, string Thumbprint);

/// <summary>
/// Keys of proofs that they had signed, by the encoded header that brought them: a client's proofs begin alike, and importing a key costs more than verifying with it.
/// Bounded: when one half is full, the other half, which holds what was not used since, is forgotten. Thread-safe.
/// </summary>
internal sealed class BroughtKeys
{
    private const int MostInHalf = 4096;

    /// <summary>In characters; with a P-256 key it is some 250, with RSA of 2048 bits some 600.</summary>
    private const int LongestHeader = 1024;

    private readonly Lock turning = new();
    private volatile ConcurrentDictionary<string, BroughtKey> young = new(StringComparer.Ordinal);
    private volatile ConcurrentDictionary<string, BroughtKey> old = new(StringComparer.Ordinal);
    private int count;

    /// <param name="header">The first part of the proof, as it came.</param>
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

    /// <summary>One that had signed the proof which brought it. What is forgotten later is not disposed: somebody may be verifying with it.</summary>
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
