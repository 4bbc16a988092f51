using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Proofs;

/// <summary>An imported key from a proof's header.</summary>
internal sealed record BroughtKey(VerificationKey Key, string Thumbprint);

/// <summary>
/// Caches keys of proofs with a valid signature, by the encoded header that contained them: the proofs of a client have the same header, and importing a key
/// costs more than verifying with it. Thread-safe.
/// </summary>
internal sealed class BroughtKeys
{
    private const int MostInGeneration = 4096;

    /// <summary>In characters; the header has about 250 with a P-256 key, and about 600 with RSA of 2048 bits.</summary>
    private const int LongestHeader = 1024;

    private readonly TwoGenerationCache<string, BroughtKey> keys = new(MostInGeneration, StringComparer.Ordinal);

    /// <param name="header">The first part of the proof, as it came.</param>
    public BroughtKey? Find(ReadOnlySpan<char> header) => keys.TryGet(header, out var key) ? key : null;

    /// <summary>Adds the key of a proof that it has verified. A dropped key is not disposed, because another thread may be verifying with it.</summary>
    public void Keep(ReadOnlySpan<char> header, BroughtKey key)
    {
        if (header.Length <= LongestHeader)
        {
            keys.Set(header.ToString(), key);
        }
    }
}
