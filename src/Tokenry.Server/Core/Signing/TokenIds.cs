using System.Buffers.Binary;
using System.Security.Cryptography;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Signing;

/// <summary>
/// The <c>jti</c> of access tokens: a UUIDv7. Its milliseconds are a more exact time of issue than <c>iat</c>. After a rotation without
/// overlap, doors use it to refuse the earlier tokens of the rotated credential.
/// </summary>
public static class TokenIds
{
    private const int MillisecondsAt = 80;

    /// <param name="now">The current time.</param>
    /// <param name="since">Unix ms: the earliest time of the id, even if it is ahead of the clock.</param>
    public static string New(DateTimeOffset now, long since) =>
        PublicId.Encode(since <= now.ToUnixTimeMilliseconds() ? PublicId.NewUuid7(now) : At(since));

    /// <summary>The time of the id in Unix ms; 0 if it is not an id of ours.</summary>
    public static long Milliseconds(string tokenId) => PublicId.TryDecode(tokenId, out var id) ? (long)(ulong)(id >> MillisecondsAt) : 0;

    /// <summary>
    /// The earliest id time of a valid token after everything before <paramref name="now"/> was ended. A replica that has not learned of it
    /// keeps issuing while its cached facts are fresh; the ids of those tokens are earlier than this time.
    /// </summary>
    public static long SinceAfter(DateTimeOffset now) => After(now.ToUnixTimeMilliseconds());

    /// <summary>
    /// The same for a time in Unix ms. Every time that an id is compared with, end or creation, is moved ahead by this amount. An id is at
    /// most this far ahead of its token's time, so it never passes a later boundary.
    /// </summary>
    public static long After(long moment) => moment + (long)Freshness.MaxAge.TotalMilliseconds;

    // Not PublicId.NewUuid7, which would move the id sequence of this process ahead too.
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
