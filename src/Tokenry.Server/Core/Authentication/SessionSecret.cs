using System.Buffers.Text;
using System.Security.Cryptography;
using Tokenry.Protocol.Credentials;

namespace Tokenry.Server.Core.Authentication;

/// <summary>
/// The value of a session's cookie: the 22 characters of its id, and 256 random bits in base64url. The store has only the id and the SHA-256 of the value.
/// </summary>
public static class SessionSecret
{
    public const string IdPrefix = "ses";

    private const int SecretBytes = 32;
    private const int Length = CredentialString.IdLength + 43;

    /// <summary>A new session's id and cookie value.</summary>
    public static (string Id, Secret Value) New(DateTimeOffset now)
    {
        var id = PublicId.NewUuid7(now);
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        return (PublicId.Create(IdPrefix, id), new Secret(PublicId.Encode(id) + secret));
    }

    /// <summary>The hash of a value, as stored.</summary>
    public static byte[] Hash(string value)
    {
        var hash = new byte[SecretDigest.Length];
        SecretDigest.Sha256(value, hash);
        return hash;
    }

    /// <summary>The session that a cookie's value names; <c>null</c> = it is not shaped like one.</summary>
    public static string? IdOf(string value) =>
        value.Length == Length && $"{IdPrefix}_{value[..CredentialString.IdLength]}" is var id && PublicId.IsWellFormed(id, IdPrefix)
            ? id
            : null;
}
