using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Tokenry.Testing;

/// <summary>A person's authenticator app, written after RFC 6238 and RFC 4226 and not with the server's library.</summary>
/// <param name="key">The key as the server shows it: base32, in groups.</param>
public sealed class AuthenticatorApp(string key)
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    private readonly byte[] _secret = FromBase32(key);

    /// <summary>The code of this moment, or of steps of 30 seconds around it. The server takes those of one step before and one after.</summary>
    public string Code(int step = 0) => Of(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30 + step);

    /// <summary>A code that counts at no moment near this one.</summary>
    public string WrongCode()
    {
        var near = Enumerable.Range(-3, 7).Select(Code).ToHashSet(StringComparer.Ordinal);
        return Enumerable.Range(100_000, 10).Select(n => n.ToString(CultureInfo.InvariantCulture)).First(code => !near.Contains(code));
    }

    private string Of(long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
#pragma warning disable CA5350 // RFC 6238 §1.2: HMAC-SHA-1
        var mac = HMACSHA1.HashData(_secret, counter);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(mac.AsSpan(mac[^1] & 15)) & 0x7FFFFFFF;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    private static byte[] FromBase32(string text)
    {
        var bytes = new List<byte>();
        var (bits, count) = (0, 0);
        foreach (var letter in text.Where(letter => letter != ' '))
        {
            (bits, count) = (((bits << 5) | Alphabet.IndexOf(letter, StringComparison.Ordinal)) & 0xFFFF, count + 5);
            if (count >= 8)
            {
                count -= 8;
                bytes.Add((byte)(bits >> count));
            }
        }

        return [.. bytes];
    }
}
