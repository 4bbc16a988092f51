using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Tokenry.Protocol.Jose;

/// <summary>The curves of ES256 and ES384 (SP 800-186 §3.2.1): their names and the validation of points.</summary>
internal sealed class NistCurve
{
    public static readonly NistCurve P256 = new(
        "P-256",
        JwsAlgorithms.Es256,
        HashAlgorithmName.SHA256,
        ECCurve.NamedCurves.nistP256,
        ["1.2.840.10045.3.1.7", "nistP256", "ECDSA_P256"],
        prime: "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
        b: "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B"
    );

    public static readonly NistCurve P384 = new(
        "P-384",
        JwsAlgorithms.Es384,
        HashAlgorithmName.SHA384,
        ECCurve.NamedCurves.nistP384,
        ["1.3.132.0.34", "nistP384", "ECDSA_P384"],
        prime: "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF",
        b: "B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF"
    );

    private static readonly NistCurve[] All = [P256, P384];

    private readonly string[] names;
    private readonly BigInteger prime;
    private readonly BigInteger b;

    private NistCurve(string name, string algorithm, HashAlgorithmName hash, ECCurve curve, string[] names, string prime, string b)
    {
        (Name, Algorithm, Hash, Curve, this.names) = (name, algorithm, hash, curve, names);
        CoordinateBytes = prime.Length / 2;
        this.prime = Hex(prime);
        this.b = Hex(b);
    }

    /// <summary>The <c>crv</c> (RFC 7518 §6.2.1.1).</summary>
    public string Name { get; }

    /// <summary>The one algorithm of its keys (RFC 7518 §3.4).</summary>
    public string Algorithm { get; }

    public HashAlgorithmName Hash { get; }

    public ECCurve Curve { get; }

    /// <summary>Bytes of a coordinate; shorter coordinates are padded on the left (RFC 7518 §6.2.1.2).</summary>
    public int CoordinateBytes { get; }

    /// <summary>Bytes of a signature: R and S (RFC 7518 §3.4).</summary>
    public int SignatureBytes => 2 * CoordinateBytes;

    /// <summary><c>null</c> for a curve that is not accepted.</summary>
    public static NistCurve? Named(string name) => Array.Find(All, curve => curve.Name == name);

    /// <summary><c>null</c> for a curve that is not accepted.</summary>
    public static NistCurve? Of(ECCurve curve) =>
        curve.IsNamed
            ? Array.Find(All, known => known.names.Contains(curve.Oid.Value) || known.names.Contains(curve.Oid.FriendlyName))
            : null;

    /// <summary>
    /// Full validation of a public point (SP 800-56A §5.6.2.3.3; the cofactor is 1): reduced coordinates with y² = x³ − 3x + b. It does not rely on the
    /// platform's import, because the checks differ by platform.
    /// </summary>
    public bool IsPoint(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        if (x.Length != CoordinateBytes || y.Length != CoordinateBytes)
        {
            return false;
        }

        var abscissa = new BigInteger(x, isUnsigned: true, isBigEndian: true);
        var ordinate = new BigInteger(y, isUnsigned: true, isBigEndian: true);
        return abscissa < prime
            && ordinate < prime
            && ((ordinate * ordinate) - (abscissa * abscissa * abscissa) + (3 * abscissa) - b) % prime == BigInteger.Zero;
    }

    private static BigInteger Hex(string digits) =>
        BigInteger.Parse("0" + digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
