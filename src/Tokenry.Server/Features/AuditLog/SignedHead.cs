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
/// A <see cref="ChainHead"/> as a JWS: verifiers check it with the JWK set. It also carries a MAC under the audit key. The audit key lasts longer than
/// signing keys. It is also available if the store was restored from a backup older than the signing key.
/// </summary>
public static class SignedHead
{
    /// <summary>The <c>typ</c>. It differs from that of access tokens, so that no verifier accepts a head as a token.</summary>
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

    /// <summary>Reads a head with a valid MAC under this audit key. The signature must also be valid if the server still knows the signing key.</summary>
    /// <returns><c>null</c> if this server did not make it.</returns>
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
