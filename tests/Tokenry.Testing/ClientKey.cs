using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Tokenry.Testing;

/// <summary>
/// A client's own key pair, with which it signs assertions (RFC 7523) and DPoP proofs (RFC 9449), right or wrong: on the platform's primitives alone, so that
/// nothing of the server's vouches for itself.
/// </summary>
public sealed class ClientKey : IDisposable
{
    private readonly ECDsa? _ecdsa;
    private readonly RSA? _rsa;

    private ClientKey(string algorithm, ECDsa? ecdsa, RSA? rsa) => (Algorithm, _ecdsa, _rsa) = (algorithm, ecdsa, rsa);

    public string Algorithm { get; }

    /// <summary>The public key (RFC 7517), without <c>kid</c> and <c>alg</c>.</summary>
    public JsonObject Jwk => _ecdsa is not null ? OnCurve(_ecdsa) : WithModulus(_rsa!);

    public string Pem => _ecdsa?.ExportSubjectPublicKeyInfoPem() ?? _rsa!.ExportSubjectPublicKeyInfoPem();

    public string PrivatePem => _ecdsa?.ExportPkcs8PrivateKeyPem() ?? _rsa!.ExportPkcs8PrivateKeyPem();

    public ECDsa? Ecdsa => _ecdsa;

    /// <summary>RFC 7638.</summary>
    public string Thumbprint
    {
        get
        {
            var jwk = Jwk;
            var required = jwk.ContainsKey("crv") ? new[] { "crv", "kty", "x", "y" } : ["e", "kty", "n"];
            var members = required.Select(name => $"\"{name}\":\"{(string)jwk[name]!}\"");
            return Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes($"{{{string.Join(',', members)}}}")));
        }
    }

    public static ClientKey Make(string algorithm = "ES256") =>
        algorithm switch
        {
            "ES256" => new(algorithm, ECDsa.Create(ECCurve.NamedCurves.nistP256), null),
            "ES384" => new(algorithm, ECDsa.Create(ECCurve.NamedCurves.nistP384), null),
            _ => new(algorithm, null, RSA.Create(2048)),
        };

    /// <summary>One on P-256 that somebody else made.</summary>
    /// <param name="pem">PKCS #8.</param>
    public static ClientKey FromPem(string pem)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(pem);
        return new("ES256", key, null);
    }

    /// <summary>A JWS in compact form, whatever header and payload say.</summary>
    public string Sign(JsonObject header, JsonObject payload)
    {
        var input = $"{Part(header.ToJsonString())}.{Part(payload.ToJsonString())}";
        return $"{input}.{Base64Url.EncodeToString(Signature(Encoding.ASCII.GetBytes(input)))}";
    }

    /// <summary>A good assertion of a client for an issuer; <paramref name="change"/> makes it another.</summary>
    public string Assertion(string clientId, string issuer, Action<JsonObject, JsonObject>? change = null)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var header = new JsonObject
        {
            ["typ"] = "client-authentication+jwt",
            ["alg"] = Algorithm,
            ["kid"] = Thumbprint,
        };
        var claims = new JsonObject
        {
            ["iss"] = clientId,
            ["sub"] = clientId,
            ["aud"] = issuer,
            ["jti"] = RandomNumberGenerator.GetHexString(32),
            ["iat"] = now,
            ["exp"] = now + 60,
        };
        change?.Invoke(header, claims);
        return Sign(header, claims);
    }

    /// <summary>A good DPoP proof; <paramref name="change"/> makes it another.</summary>
    public string Proof(string method, string uri, string? accessToken = null, Action<JsonObject, JsonObject>? change = null)
    {
        var header = new JsonObject
        {
            ["typ"] = "dpop+jwt",
            ["alg"] = Algorithm,
            ["jwk"] = Jwk,
        };
        var claims = new JsonObject
        {
            ["jti"] = RandomNumberGenerator.GetHexString(32),
            ["htm"] = method,
            ["htu"] = uri,
            ["iat"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
        };
        if (accessToken is not null)
            claims["ath"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)));
        change?.Invoke(header, claims);
        return Sign(header, claims);
    }

    public void Dispose()
    {
        _ecdsa?.Dispose();
        _rsa?.Dispose();
    }

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private static JsonObject OnCurve(ECDsa key)
    {
        var parameters = key.ExportParameters(includePrivateParameters: false);
        return new JsonObject
        {
            ["kty"] = "EC",
            ["crv"] = key.KeySize == 384 ? "P-384" : "P-256",
            ["x"] = Base64Url.EncodeToString(parameters.Q.X!),
            ["y"] = Base64Url.EncodeToString(parameters.Q.Y!),
        };
    }

    private static JsonObject WithModulus(RSA key)
    {
        var parameters = key.ExportParameters(includePrivateParameters: false);
        return new JsonObject
        {
            ["kty"] = "RSA",
            ["n"] = Base64Url.EncodeToString(parameters.Modulus!),
            ["e"] = Base64Url.EncodeToString(parameters.Exponent!),
        };
    }

    private byte[] Signature(byte[] input) =>
        Algorithm switch
        {
            "ES256" => _ecdsa!.SignData(input, HashAlgorithmName.SHA256),
            "ES384" => _ecdsa!.SignData(input, HashAlgorithmName.SHA384),
            "PS256" => _rsa!.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
            _ => _rsa!.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        };
}
