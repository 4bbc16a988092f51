using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using Tokenry.Protocol.Jose;

namespace Tokenry.Server.Tests.Features.OAuth;

/// <summary>
/// A token with something wrong in it. Most tests sign with a key of their own; whether a token that lacks a claim is refused <em>for that</em>
/// can only be seen with the server's key, which is taken from its database with its key file, as no attacker can.
/// </summary>
internal sealed class ServerSigningKey(ECDsa key, string keyId) : IDisposable
{
    public string KeyId => keyId;

    /// <summary>A key nobody knows, under whatever name.</summary>
    public static ServerSigningKey Foreign(string keyId) => new(ECDsa.Create(ECCurve.NamedCurves.nistP256), keyId);

    public static async Task<ServerSigningKey> TakeAsync(ServerProcess server)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT key_id, sealed_private_key FROM signing_keys WHERE state = 'active' AND algorithm = 'ES256'";
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        var (keyId, sealedKey) = (reader.GetString(0), reader.GetFieldValue<byte[]>(1));
        var ecdsa = ECDsa.Create();
        ecdsa.ImportPkcs8PrivateKey(Open(server, sealedKey, $"signing_key:access_token:{keyId}"), out _);
        return new ServerSigningKey(ecdsa, keyId);
    }

    public JsonObject Header() =>
        new()
        {
            ["alg"] = "ES256",
            ["typ"] = "at+jwt",
            ["kid"] = keyId,
        };

    public string Sign(JsonObject header, JsonObject claims) => Sign(header.ToJsonString(), claims.ToJsonString());

    public string Sign(string header, string claims)
    {
        var input = $"{Part(header)}.{Part(claims)}";
        return $"{input}.{StrictBase64Url.Encode(key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256))}";
    }

    public static string Part(string text) => StrictBase64Url.Encode(Encoding.UTF8.GetBytes(text));

    public void Dispose() => key.Dispose();

    // version(1) ‖ nonce(12) ‖ tag(16) ‖ ciphertext under the key-encryption key of that version, the purpose authenticated.
    private static byte[] Open(ServerProcess server, byte[] sealedKey, string purpose)
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(server.DataDirectory, "tokenry.keys")));
        var kek = file.RootElement.GetProperty("key_encryption_keys").GetProperty(sealedKey[0].ToString()).GetBytesFromBase64();
        var plain = new byte[sealedKey.Length - 29];
        using var aes = new AesGcm(kek, 16);
        aes.Decrypt(sealedKey.AsSpan(1, 12), sealedKey.AsSpan(29), sealedKey.AsSpan(13, 16), plain, Encoding.UTF8.GetBytes(purpose));
        return plain;
    }
}
