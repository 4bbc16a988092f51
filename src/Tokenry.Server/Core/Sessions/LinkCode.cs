using System.Buffers.Text;
using System.Security.Cryptography;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Server.Core.Sessions;

/// <summary>The secret in a link that works once: 256 random bits. So many bits cannot be guessed, so the store has only a fast hash of it.</summary>
public static class LinkCode
{
    /// <summary>The query parameter that carries it.</summary>
    public const string Parameter = "code";

    private const int Bytes = 32;
    private const int Length = 43;

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>Whether a text has the form of a code.</summary>
    public static bool IsShapedLikeOne(string text) => text.Length == Length;

    public static byte[] Hash(string code)
    {
        var hash = new byte[SecretDigest.Length];
        SecretDigest.Sha256(code, hash);
        return hash;
    }
}
