using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Jose;

/// <summary>An issuer that signs whatever it is told, right or wrong.</summary>
internal sealed class TokenForge : IDisposable
{
    public const string Issuer = "https://tokenry.example.com";
    public const string Api = "https://api.example.com";
    public const string KeyId = "k1";

    public static readonly DateTimeOffset Now = new(2026, 11, 21, 1, 2, 3, TimeSpan.Zero);

    public TokenForge() => Key = new VerificationKey(KeyId, Ecdsa);

    public ECDsa Ecdsa { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public VerificationKey Key { get; }

    public FakeTimeProvider Time { get; } = new(Now);

    public AccessTokenValidator Validator => new(Issuer, Time);

    /// <summary>How often a key was asked for.</summary>
    public int LookUps { get; private set; }

    public static JsonObject Header() =>
        new()
        {
            ["typ"] = "at+jwt",
            ["alg"] = "ES256",
            ["kid"] = KeyId,
        };

    public static JsonObject Claims() =>
        new()
        {
            ["iss"] = Issuer,
            ["aud"] = Api,
            ["sub"] = "app_02x5WlL3bRI7WJsw0Y1MYl",
            ["client_id"] = "app_02x5WlL3bRI7WJsw0Y1MYl",
            ["iat"] = Now.ToUnixTimeSeconds(),
            ["exp"] = Now.ToUnixTimeSeconds() + 300,
            ["jti"] = "j1",
            ["scope"] = "invoices:read invoices:write",
        };

    public static string Part(string text) => StrictBase64Url.Encode(Encoding.UTF8.GetBytes(text));

    /// <summary>A token signed in whatever way.</summary>
    public static string Sign(string header, string payload, Func<byte[], byte[]> sign)
    {
        var input = $"{Part(header)}.{Part(payload)}";
        return $"{input}.{StrictBase64Url.Encode(sign(Encoding.ASCII.GetBytes(input)))}";
    }

    /// <summary>What is written of one key.</summary>
    public static JsonObject Written(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            write(writer);
        }

        return JsonNode.Parse(buffer.ToArray())!.AsObject();
    }

    public string Sign(string header, string payload) => Sign(header, payload, input => Ecdsa.SignData(input, HashAlgorithmName.SHA256));

    public string Sign(JsonObject? header = null, JsonObject? claims = null) =>
        Sign((header ?? Header()).ToJsonString(), (claims ?? Claims()).ToJsonString());

    public AccessTokenResult Validate(string token) => Validate(token, Validator);

    public AccessTokenResult Validate(string token, AccessTokenValidator validator) => validator.Validate(token, Find);

    public AccessTokenFault FaultOf(string token)
    {
        var result = Validate(token);
        Assert.Equal(result.Fault == AccessTokenFault.None, result.IsValid);
        Assert.Equal(
            result.Fault is AccessTokenFault.None or AccessTokenFault.Expired or AccessTokenFault.NotYetValid,
            result.Token is not null
        );
        return result.Fault;
    }

    /// <summary>The fault of a token whose payload is the usual one but for one claim, given as raw JSON.</summary>
    public AccessTokenFault FaultWith(string claim, string json)
    {
        var claims = Claims();
        claims.Remove(claim);
        var rest = claims.ToJsonString();
        return FaultOf(Sign(Header().ToJsonString(), $"{{\"{claim}\":{json},{rest[1..]}"));
    }

    public void Dispose() => Key.Dispose();

    private VerificationKey? Find(string keyId)
    {
        LookUps++;
        return keyId == KeyId ? Key : null;
    }
}
