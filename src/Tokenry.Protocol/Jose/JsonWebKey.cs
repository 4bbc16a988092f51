using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>Writes public keys as JSON Web Keys (RFC 7517) and computes their thumbprints (RFC 7638).</summary>
public static class JsonWebKey
{
    /// <summary>
    /// The RFC 7638 thumbprint of a key on P-256 or P-384: SHA-256 over its required members in lexical order, base64url, 43 characters. It ignores the private
    /// part.
    /// </summary>
    /// <exception cref="ArgumentException">The key is on another curve or lacks its point.</exception>
    public static string Thumbprint(ECParameters key)
    {
        var (curve, x, y) = Coordinates(key);
        return Sha256($$"""{"crv":"{{curve}}","kty":"EC","x":"{{x}}","y":"{{y}}"}""");
    }

    /// <summary>Like <see cref="Thumbprint(ECParameters)"/>, for an RSA key.</summary>
    /// <exception cref="ArgumentException">The modulus or the exponent is missing.</exception>
    public static string Thumbprint(RSAParameters key) =>
        Sha256($$"""{"e":"{{Number(key.Exponent)}}","kty":"RSA","n":"{{Number(key.Modulus)}}"}""");

    /// <summary>Writes one public key as an object with exactly the members <c>kty kid use alg crv x y</c>; <c>use</c> is <c>sig</c>.</summary>
    /// <exception cref="ArgumentException">The key is on another curve.</exception>
    public static void WritePublic(Utf8JsonWriter writer, string kid, string alg, ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(key);
        var (curve, x, y) = Coordinates(key.ExportParameters(includePrivateParameters: false));
        WriteStart(writer, "EC", kid, alg);
        writer.WriteString("crv"u8, curve);
        writer.WriteString("x"u8, x);
        writer.WriteString("y"u8, y);
        writer.WriteEndObject();
    }

    /// <summary>Writes one public key as an object with exactly the members <c>kty kid use alg n e</c>; <c>use</c> is <c>sig</c>.</summary>
    public static void WritePublic(Utf8JsonWriter writer, string kid, string alg, RSA key)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(key);
        var parameters = key.ExportParameters(includePrivateParameters: false);
        WriteStart(writer, "RSA", kid, alg);
        writer.WriteString("n"u8, Number(parameters.Modulus));
        writer.WriteString("e"u8, Number(parameters.Exponent));
        writer.WriteEndObject();
    }

    private static void WriteStart(Utf8JsonWriter writer, string type, string kid, string alg)
    {
        writer.WriteStartObject();
        writer.WriteString("kty"u8, type);
        writer.WriteString("kid"u8, kid);
        writer.WriteString("use"u8, "sig"u8);
        writer.WriteString("alg"u8, alg);
    }

    private static (string Curve, string X, string Y) Coordinates(ECParameters key)
    {
        if (
            NistCurve.Of(key.Curve) is not { } curve
            || key.Q is not { X: { } x, Y: { } y }
            || x.Length != curve.CoordinateBytes
            || y.Length != curve.CoordinateBytes
        )
        {
            throw new ArgumentException(
                "The key must be a public point on P-256 or P-384, with coordinates of the curve's length.",
                nameof(key)
            );
        }

        return (curve.Name, StrictBase64Url.Encode(x), StrictBase64Url.Encode(y));
    }

    // Base64urlUInt, RFC 7518 §2: big-endian without leading zero octets.
    private static string Number(byte[]? bigEndian)
    {
        if (bigEndian is null || bigEndian.AsSpan().TrimStart((byte)0) is not { IsEmpty: false } trimmed)
        {
            throw new ArgumentException("An RSA public key has a modulus and an exponent.", nameof(bigEndian));
        }

        return StrictBase64Url.Encode(trimmed);
    }

    private static string Sha256(string canonical) => StrictBase64Url.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(canonical)));
}
