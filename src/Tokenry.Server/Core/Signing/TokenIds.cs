using System.Buffers.Binary;
using System.Security.Cryptography;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Signing;

/// <summary>
/// The <c>jti</c> of access tokens: a UUIDv7, whose milliseconds say when the token was issued more finely than <c>iat</c>. Doors refuse tokens by it that are
/// older than the last rotation without overlap of the credential that bought them.
/// </summary>
public static class TokenIds
{
    private const int MillisecondsAt = 80;

    /// <param name="now">The time.</param>
    /// <param name="since">Unix ms: the id is not older than this, even where that lies ahead of the clock.</param>
    public static string New(DateTimeOffset now, long since) =>
        PublicId.Encode(since <= now.ToUnixTimeMilliseconds() ? PublicId.NewUuid7(now) : At(since));

    /// <summary>When it was made, in Unix ms; 0 for what is no id of ours.</summary>
    public static long Milliseconds(string tokenId) => PublicId.TryDecode(tokenId, out var id) ? (long)(ulong)(id >> MillisecondsAt) : 0;

    /// <summary>
    /// From when on an id must be, for a token to be good after everything before <paramref name="now"/> has ended. A replica that has not heard of it yet goes on
    /// issuing for as long as it may use what it knows: its ids fall short of this.
    /// </summary>
    public static long SinceAfter(DateTimeOffset now) => After(now.ToUnixTimeMilliseconds());

    /// <summary>
    /// The same for a moment in Unix ms. Whatever an id is compared with is taken ahead by this much, ends and births alike: an id lies at most so far ahead of
    /// its token's time, and so never reaches what comes after that.
    /// </summary>
    public static long After(long moment) => moment + (long)Freshness.MaxAge.TotalMilliseconds;

    // Not PublicId.NewUuid7: that would take the sequence of all ids of this process ahead with it.
    private static UInt128 At(long milliseconds)
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(
            bytes,
            ((ulong)milliseconds << 16) | 0x7000 | (BinaryPrimitives.ReadUInt16BigEndian(bytes) & 0x0FFFu)
        );
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
