using System.Numerics;

namespace Tokenry.Protocol.Jose;

/// <summary>The RSA public keys that Tokenry accepts.</summary>
internal static class RsaPolicy
{
    /// <summary>RFC 7518 §3.3: 2048 bits or more.</summary>
    public const int MinBits = 2048;

    /// <summary>Tokenry's own limit: a larger modulus only costs the verifier time.</summary>
    public const int MaxBits = 8192;

    private const int PublicExponent = 65537;

    // The primes of the ROCA fingerprint (Nemec et al., CCS 2017). Affected keys have primes k·M + (65537^a mod M) with a primorial M, so n mod p is a power of
    // 65537 for every small p. A random modulus passes all 38 tests with probability about 2^-27.
    private static readonly int[] FingerprintPrimes =
    [
        3,
        5,
        7,
        11,
        13,
        17,
        19,
        23,
        29,
        31,
        37,
        41,
        43,
        47,
        53,
        59,
        61,
        67,
        71,
        73,
        79,
        83,
        89,
        97,
        101,
        103,
        107,
        109,
        113,
        127,
        131,
        137,
        139,
        149,
        151,
        157,
        163,
        167,
    ];

    /// <summary>True for an odd modulus of 2048…8192 bits without leading zero octet, with exponent 65537, and without ROCA fingerprint.</summary>
    public static bool Accepts(ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> exponent)
    {
        if (modulus.Length is < MinBits / 8 or > MaxBits / 8 || modulus[0] == 0 || exponent is not [1, 0, 1])
        {
            return false;
        }

        var number = new BigInteger(modulus, isUnsigned: true, isBigEndian: true);
        return !number.IsEven && number.GetBitLength() is >= MinBits and <= MaxBits && !HasRocaFingerprint(number);
    }

    private static bool HasRocaFingerprint(BigInteger modulus) =>
        Array.TrueForAll(FingerprintPrimes, prime => IsPowerOfExponent((int)(modulus % prime), prime));

    private static bool IsPowerOfExponent(int residue, int prime)
    {
        var power = 1;
        do
        {
            if (power == residue)
            {
                return true;
            }

            power = power * (PublicExponent % prime) % prime;
        } while (power != 1);

        return false;
    }
}
