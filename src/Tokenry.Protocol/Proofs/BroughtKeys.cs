using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Proofs;

/// <summary>A key that came in a proof's header, imported.</summary>
internal sealed record BroughtKey(VerificationKey Key, string Thumbprint);

/// <summary>
/// Keys of proofs that they had signed, by the encoded header that brought them: a client's proofs begin alike, and importing a key costs more than verifying with it.
/// Thread-safe.
/// </summary>
internal sealed class BroughtKeys
{
    private const int MostInGeneration = 4096;

    /// <summary>In characters; with a P-256 key it is some 250, with RSA of 2048 bits some 600.</summary>
    private const int LongestHeader = 1024;

    private readonly TwoGenerationCache<string, BroughtKey> keys = new(MostInGeneration, StringComparer.Ordinal);

    /// <param name="header">The first part of the proof, as it came.</param>
    public BroughtKey? Find(ReadOnlySpan<char> header) => keys.TryGet(header, out var key) ? key : null;

    /// <summary>Keeps a key that signed the proof which brought it. A forgotten key is not disposed: another thread may be verifying with it.</summary>
    public void Keep(ReadOnlySpan<char> header, BroughtKey key)
    {
        if (header.Length <= LongestHeader)
        {
            keys.Set(header.ToString(), key);
        }
    }
}
