using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>A public key as a request sends it, as it is stored, and as it verifies.</summary>
public static class PublicKeyMaterial
{
    private const string PemLabel = "PUBLIC KEY";

    /// <exception cref="ProblemException">400: not one public key that passes the import policy.</exception>
    public static RegisteredMaterial Read(PublicKeyRequest request)
    {
        var check = new Validation();
        check.Require(
            (request.Jwk is null) != (request.Pem is null),
            "jwk",
            "send the key as jwk (a JSON Web Key) or as pem (-----BEGIN PUBLIC KEY-----), one of them"
        );
        check.Require(
            request.Alg is null || JwsAlgorithms.IsKnown(request.Alg),
            "alg",
            $"must be one of {string.Join(", ", JwsAlgorithms.All)}"
        );
        check.ThrowIfAny();
        var member = request.Pem is null ? "jwk" : "pem";
        var holdsSecret = request.Pem is { } text
            ? text.Contains("PRIVATE KEY", StringComparison.Ordinal)
            : VerificationKey.HoldsSecret(request.Jwk!.Value);
        if (holdsSecret)
        {
            throw ProblemException.Invalid(
                member,
                "is a private or symmetric key. It was not stored, but it has left its owner: make a new pair and send the public half"
            );
        }

        if (
            (request.Pem is { } pem ? FromPem(pem, request.Alg) : request.Jwk) is not { } jwk
            || !VerificationKey.TryImport(jwk, keyId: null, request.Alg, out var key)
        )
        {
            throw ProblemException.Invalid(
                member,
                "is not a key that is taken: a public key for signatures, P-256 (ES256), P-384 (ES384) or RSA of 2048 to 8192 bits with exponent "
                    + "65537 (RS256, PS256), whose use, key_ops, alg and kid, where it has them, agree"
            );
        }

        using (key)
        {
            var registered = new RegisteredKey(key.KeyId, key.Algorithm, Written(key));
            return new RegisteredMaterial(CredentialKind.PublicKey, JsonColumn.Write(registered), key.Thumbprint(), key.KeyId);
        }
    }

    /// <summary>The key in a stored material.</summary>
    internal static VerificationKey Open(string credentialId, string material)
    {
        var registered = JsonColumn.Read<RegisteredKey>(material);
        return VerificationKey.TryImport(registered.Jwk, registered.Kid, registered.Alg, out var key)
            ? key
            : throw new InvalidDataException($"Credential {credentialId} has a public key that is none.");
    }

    private static JsonElement? FromPem(string pem, string? algorithm)
    {
        try
        {
            if (!PemEncoding.TryFind(pem, out var fields) || !pem.AsSpan()[fields.Label].SequenceEqual(PemLabel))
            {
                return null;
            }

            var key = PublicKey.CreateFromSubjectPublicKeyInfo(Convert.FromBase64String(pem[fields.Base64Data]), out _);
            using var ecdsa = key.GetECDsaPublicKey();
            using var rsa = key.GetRSAPublicKey();
            return ecdsa is not null ? Written(new VerificationKey(JsonWebKey.Thumbprint(ecdsa.ExportParameters(false)), ecdsa))
                : rsa is not null
                    ? Written(
                        new VerificationKey(JsonWebKey.Thumbprint(rsa.ExportParameters(false)), rsa, algorithm ?? JwsAlgorithms.Rs256)
                    )
                : null;
        }
        // Not base64, not DER, or a curve or size that the server or the platform does not accept.
        catch (Exception exception)
            when (exception is CryptographicException or FormatException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static JsonElement Written(VerificationKey key)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            key.WritePublic(writer);
        }

        using var written = JsonDocument.Parse(buffer.ToArray());
        return written.RootElement.Clone();
    }
}
