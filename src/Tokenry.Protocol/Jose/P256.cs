using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Tokenry.Protocol.Jose;

/// <summary>The curve of ES256 (SP 800-186 §3.2.1.3): recognising it, and the points on it.</summary>
internal static class P256
{
    /// <summary>Bytes of a coordinate; shorter ones are padded on the left (RFC 7518 §6.2.1.2).</summary>
    public const int CoordinateBytes = 32;

    private const string ObjectIdentifier = "1.2.840.10045.3.1.7";

    private static readonly BigInteger Prime = Hex("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF");
    private static readonly BigInteger B = Hex("5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B");

    public static bool IsCurve(ECCurve curve) =>
        curve.IsNamed && (curve.Oid.Value is ObjectIdentifier || curve.Oid.FriendlyName is "nistP256" or "ECDSA_P256");

    /// <summary>
    /// Full validation of a public point (SP 800-56A §5.6.2.3.3; the cofactor is 1): reduced coordinates with y² = x³ − 3x + b. Done here
    /// rather than left to the platform's import, whose checks differ.
    /// </summary>
    public static bool IsPoint(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        if (x.Length != CoordinateBytes || y.Length != CoordinateBytes)
        {
            return false;
        }

        var abscissa = new BigInteger(x, isUnsigned: true, isBigEndian: true);
        var ordinate = new BigInteger(y, isUnsigned: true, isBigEndian: true);
        return abscissa < Prime
            && ordinate < Prime
            && ((ordinate * ordinate) - (abscissa * abscissa * abscissa) + (3 * abscissa) - B) % Prime == BigInteger.Zero;
    }

    private static BigInteger Hex(string digits) =>
        BigInteger.Parse("0" + digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
