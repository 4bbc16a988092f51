using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>
/// The policy of <see cref="VerificationKey.TryImport(JsonElement, out VerificationKey)"/>. The platform accepts 16 of the 21 invalid keys of Wycheproof's
/// <c>json_web_key</c>. Each rule here refuses one of them, or follows RFC 7517 §4 and RFC 7518 §6.
/// </summary>
internal static class JsonWebKeyImport
{
    // RFC 7518 §6.2.2, §6.3.2, §6.4: members that only a private or symmetric key has.
    private static readonly string[] SecretMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

    /// <summary>True for a private or symmetric key, which its sender must not disclose.</summary>
    public static bool HoldsSecret(JsonElement jwk) => Array.Exists(SecretMembers, name => jwk.TryGetProperty(name, out _));

    public static bool TryImport(JsonElement jwk, [NotNullWhen(true)] out VerificationKey? key)
    {
        key = null;
        return jwk.ValueKind == JsonValueKind.Object
            && JsonMember.TryGetText(jwk, "kid", out var keyId)
            && keyId.Length <= VerificationKey.MaxKeyIdLength
            && TryImport(jwk, keyId, intended: null, out key);
    }

    /// <param name="jwk">The key.</param>
    /// <param name="keyId">Its new id.</param>
    /// <param name="intended">
    /// The algorithm of its intended use, which the key must not contradict; <c>null</c> = the key itself or its type determines it.
    /// </param>
    /// <param name="key">The key; the caller disposes it.</param>
    public static bool TryImport(JsonElement jwk, string keyId, string? intended, [NotNullWhen(true)] out VerificationKey? key)
    {
        key = null;
        if (
            HoldsSecret(jwk)
            || !IsForVerification(jwk)
            || !JsonMember.TryGetText(jwk, "kty", out var type)
            || !JsonMember.TryGetOptionalText(jwk, "alg", out var algorithm)
            || (intended is not null && algorithm is not null && algorithm != intended)
        )
        {
            return false;
        }

        algorithm ??= intended;
        key = type switch
        {
            "EC" => ImportEllipticCurve(jwk, keyId, algorithm),
            "RSA" when algorithm is null or JwsAlgorithms.Rs256 or JwsAlgorithms.Ps256 => ImportRsa(
                jwk,
                keyId,
                algorithm ?? JwsAlgorithms.Rs256
            ),
            _ => null,
        };
        return key is not null;
    }

    /// <summary>The <c>kid</c> of any JSON value; null if it has no string <c>kid</c>.</summary>
    public static string? KeyIdOf(JsonElement jwk) =>
        jwk.ValueKind == JsonValueKind.Object && JsonMember.TryGetText(jwk, "kid", out var keyId) ? keyId : null;

    /// <summary>Why <see cref="TryImport(JsonElement, out VerificationKey)"/> refused the key, for a person.</summary>
    public static string ReasonAgainst(JsonElement jwk) =>
        jwk.ValueKind != JsonValueKind.Object ? "is not a JSON object"
        : KeyIdOf(jwk) is not { Length: <= VerificationKey.MaxKeyIdLength }
            ? $"has no kid of 1 to {VerificationKey.MaxKeyIdLength} characters"
        : !JsonMember.TryGetText(jwk, "kty", out var type) || type is not ("EC" or "RSA") ? "has a kty that is not EC or RSA"
        : !IsForVerification(jwk) ? "is not for signatures (use, key_ops)"
        : "is not P-256 (ES256), P-384 (ES384) or RSA of 2048 to 8192 bits (RS256, PS256), or its members contradict each other";

    private static bool IsForVerification(JsonElement jwk) =>
        JsonMember.TryGetOptionalText(jwk, "use", out var use)
        && use is null or "sig"
        && (
            !jwk.TryGetProperty("key_ops", out var operations)
            || (
                JsonMember.TryGetTexts(operations, out var names)
                && names.Contains("verify", StringComparer.Ordinal)
                && Array.TrueForAll(names, static name => name is "verify" or "sign")
            )
        );

    private static VerificationKey? ImportEllipticCurve(JsonElement jwk, string keyId, string? algorithm)
    {
        if (
            !JsonMember.TryGetText(jwk, "crv", out var name)
            || NistCurve.Named(name) is not { } curve
            || (algorithm is not null && algorithm != curve.Algorithm)
            || !TryGetBytes(jwk, "x", out var x)
            || !TryGetBytes(jwk, "y", out var y)
            || !curve.IsPoint(x, y)
        )
        {
            return null;
        }

        var parameters = new ECParameters
        {
            Curve = curve.Curve,
            Q = new ECPoint { X = x, Y = y },
        };
        return new VerificationKey(keyId, ECDsa.Create(parameters));
    }

    private static VerificationKey? ImportRsa(JsonElement jwk, string keyId, string algorithm)
    {
        if (!TryGetBytes(jwk, "n", out var modulus) || !TryGetBytes(jwk, "e", out var exponent) || !RsaPolicy.Accepts(modulus, exponent))
        {
            return null;
        }

        return new VerificationKey(keyId, RSA.Create(new RSAParameters { Modulus = modulus, Exponent = exponent }), algorithm);
    }

    private static bool TryGetBytes(JsonElement jwk, string name, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        return JsonMember.TryGetText(jwk, name, out var text)
            && text.Length <= RsaPolicy.MaxBits / 6 + 1
            && StrictBase64Url.TryDecode(text, out bytes);
    }
}
