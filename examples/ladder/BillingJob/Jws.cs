using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tokenry.Protocol.Jose;

namespace BillingJob;

/// <summary>Signs JWTs with ES256 (RFC 7515).</summary>
internal static class Jws
{
    public static string Sign(ECDsa key, JsonObject header, JsonObject claims)
    {
        header["alg"] = "ES256";
        var input = $"{Part(header)}.{Part(claims)}";
        return $"{input}.{StrictBase64Url.Encode(key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256))}";
    }

    /// <summary>A value for <c>jti</c>: nobody has had it before.</summary>
    public static string NewId() => StrictBase64Url.Encode(RandomNumberGenerator.GetBytes(16));

    public static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    public static string Thumbprint(ECDsa key) => JsonWebKey.Thumbprint(key.ExportParameters(includePrivateParameters: false));

    /// <summary>The public half as a JSON Web Key (RFC 7517), named by its thumbprint.</summary>
    public static string PublicJwk(ECDsa key)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            JsonWebKey.WritePublic(writer, Thumbprint(key), "ES256", key);
        }

        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    private static string Part(JsonObject json) => StrictBase64Url.Encode(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
