using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.AuditLog;

/// <summary>
/// A <see cref="ChainHead"/> as a JWS: others check it with the JWK set. It also carries a MAC under the audit key, which lasts longer than
/// signing keys do and is at hand where the store was restored from before the key was made.
/// </summary>
public static class SignedHead
{
    /// <summary>Its <c>typ</c>: no verifier of access tokens takes it for one.</summary>
    public const string Type = "audit-head+jwt";

    /// <exception cref="StoreUnavailableException">The key's token does not serve now.</exception>
    public static AuditHead Sign(ChainHead head, JwsSigningKey key, byte[] auditKey)
    {
        var hash = Convert.ToHexStringLower(head.Hash);
        var time = DateTimeOffset.FromUnixTimeMilliseconds(head.At);
        var header = JsonSerializer.SerializeToUtf8Bytes(new HeadHeader(key.Algorithm, Type, key.KeyId), AuditJson.Default.HeadHeader);
        var payload = JsonSerializer.SerializeToUtf8Bytes(
            new HeadClaims(head.Seq, hash, time, Mac(head, auditKey), head.Store),
            AuditJson.Default.HeadClaims
        );
        var signed = $"{StrictBase64Url.Encode(header)}.{StrictBase64Url.Encode(payload)}";
        var signature = new byte[key.SignatureBytes];
        if (!key.TrySign(Encoding.ASCII.GetBytes(signed), signature))
        {
            throw new InvalidOperationException("The signing key did not sign.");
        }

        return new AuditHead
        {
            Seq = head.Seq,
            Hash = hash,
            Time = time,
            Jws = $"{signed}.{StrictBase64Url.Encode(signature)}",
        };
    }

    /// <summary>Takes a head that was made under this audit key; its signature counts where the key that made it is still known.</summary>
    /// <returns><c>null</c> where it is none of this server's.</returns>
    public static ChainHead? Read(ReadOnlySpan<byte> jws, byte[] auditKey, Func<string, VerificationKey?> find)
    {
        if (!CompactJws.TryParse(jws, out var parsed) || parsed.Header is not { Type: Type, KeyId: { } keyId })
        {
            return null;
        }

        try
        {
            if (
                JsonSerializer.Deserialize(parsed.Payload, AuditJson.Default.HeadClaims) is not { Hash.Length: 64, Mac: not null } claims
                || (find(keyId) is { } key && !parsed.IsSignedBy(key))
            )
            {
                return null;
            }

            var head = new ChainHead
            {
                Seq = claims.Seq,
                Hash = Convert.FromHexString(claims.Hash),
                At = claims.Time.ToUnixTimeMilliseconds(),
                Store = claims.Store,
            };
            return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(claims.Mac), Encoding.ASCII.GetBytes(Mac(head, auditKey)))
                ? head
                : null;
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            return null;
        }
    }

    private static string Mac(ChainHead head, byte[] auditKey)
    {
        var store = head.Store is null ? "" : ":" + head.Store;
        return Convert.ToHexStringLower(
            HMACSHA256.HashData(
                auditKey,
                Encoding.UTF8.GetBytes($"tokenry/audit-head:{head.Seq}:{Convert.ToHexStringLower(head.Hash)}:{head.At}{store}")
            )
        );
    }
}
