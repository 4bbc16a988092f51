using System.Buffers.Binary;
using System.Buffers.Text;
using Tokenry.Server.Platform.Keys;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// The nonces that the server may require in proofs (RFC 9449 §8): one a minute, derived from the key file, so that every replica knows all of them without
/// asking. The current one and the previous one are accepted.
/// </summary>
public sealed class DpopNonces(KeyRing keys, TimeProvider time)
{
    private const string Purpose = "dpop_nonce";
    private const int Bytes = 16;

    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private volatile Pair current = new(-1, "", "");

    public string Current => Now().Current;

    /// <summary>Nonces are not secret: the server gives the current one to every client that asks.</summary>
    public bool Takes(string nonce)
    {
        var pair = Now();
        return nonce == pair.Current || nonce == pair.Previous;
    }

    private Pair Now()
    {
        var number = time.GetUtcNow().ToUnixTimeSeconds() / (long)Period.TotalSeconds;
        var pair = current;
        if (pair.Number != number)
        {
            current = pair = new Pair(number, Make(number), Make(number - 1));
        }

        return pair;
    }

    private string Make(long number)
    {
        Span<byte> text = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(text, number);
        return Base64Url.EncodeToString(keys.Mac(Purpose, text).AsSpan(0, Bytes));
    }

    private sealed record Pair(long Number, string Current, string Previous);
}
