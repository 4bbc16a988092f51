using System.Security.Cryptography;
using System.Text;

namespace Tokenry.Server.Platform.Keys;

/// <summary>
/// AES-256-GCM, the format of every sealed value: nonce(12) ‖ tag(16) ‖ ciphertext. The purpose is authenticated, so that a value sealed for one purpose does
/// not open for another.
/// </summary>
internal static class AesGcmBox
{
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int Overhead = NonceLength + TagLength;

    public static byte[] Seal(byte[] key, ReadOnlySpan<byte> plain, string purpose)
    {
        var box = new byte[Overhead + plain.Length];
        var nonce = box.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(nonce, plain, box.AsSpan(Overhead), box.AsSpan(NonceLength, TagLength), Encoding.UTF8.GetBytes(purpose));
        return box;
    }

    /// <exception cref="CryptographicException">The value was changed, or sealed with another key or purpose.</exception>
    public static byte[] Open(byte[] key, ReadOnlySpan<byte> box, string purpose)
    {
        if (box.Length < Overhead)
        {
            throw new CryptographicException("The sealed value is too short.");
        }

        var plain = new byte[box.Length - Overhead];
        using var aes = new AesGcm(key, TagLength);
        aes.Decrypt(box[..NonceLength], box[Overhead..], box.Slice(NonceLength, TagLength), plain, Encoding.UTF8.GetBytes(purpose));
        return plain;
    }
}
