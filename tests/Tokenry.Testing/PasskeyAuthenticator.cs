using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tokenry.Testing;

/// <summary>
/// A person's authenticator with the browser around it, written after WebAuthn level 3 and CTAP and not with the server's library. It holds one passkey.
/// </summary>
/// <param name="origin">The origin of the page, as the browser writes it into the client data.</param>
/// <param name="algorithm"><c>ES256</c> or <c>RS256</c>.</param>
public sealed class PasskeyAuthenticator(string origin, string algorithm = "ES256") : IDisposable
{
    private readonly ECDsa _ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly RSA? _rsa = algorithm == "RS256" ? RSA.Create(2048) : null;

    /// <summary>The next value of the counter; 0 = it has none, as with keys that are copied to other devices.</summary>
    public uint Counter { get; set; } = 1;

    public byte[] CredentialId { get; init; } = RandomNumberGenerator.GetBytes(32);

    /// <summary>The user handle that the passkey was made for.</summary>
    public string? UserHandle { get; private set; }

    /// <summary>Makes the passkey: <c>navigator.credentials.create</c>.</summary>
    /// <param name="options">The creation options of the server.</param>
    /// <param name="twist">How the answer differs from a right one.</param>
    public string Make(JsonElement options, PasskeyTwist? twist = null)
    {
        UserHandle = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(options.GetProperty("user").GetProperty("id").GetString()));
        var client = ClientData(options, "webauthn.create", twist);
        var data = AuthenticatorData(options.GetProperty("rp").GetProperty("id").GetString()!, attests: true, twist);
        byte[] attestation =
        [
            0xA3, // a map of three
            .. Text("fmt"),
            .. Text("none"),
            .. Text("attStmt"),
            0xA0,
            .. Text("authData"),
            .. Bytes(data),
        ];
        return Credential(
            new
            {
                clientDataJSON = Base64Url.EncodeToString(client),
                attestationObject = Base64Url.EncodeToString(attestation),
                transports = new[] { "internal", "made-up" },
            }
        );
    }

    /// <summary>Uses it: <c>navigator.credentials.get</c>.</summary>
    /// <param name="options">The request options of the server.</param>
    /// <param name="twist">How the answer differs from a right one.</param>
    public string Use(JsonElement options, PasskeyTwist? twist = null)
    {
        var client = ClientData(options, "webauthn.get", twist);
        var data = AuthenticatorData(options.GetProperty("rpId").GetString()!, attests: false, twist);
        byte[] signed = [.. data, .. SHA256.HashData(client)];
        var signature = _rsa is null
            ? _ec.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
            : _rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        if (twist?.BreaksSignature == true)
            signature[^1] ^= 1;
        var handle = twist is { UserHandle: { } other } ? other : UserHandle!;
        return Credential(
            new
            {
                clientDataJSON = Base64Url.EncodeToString(client),
                authenticatorData = Base64Url.EncodeToString(data),
                signature = Base64Url.EncodeToString(signature),
                userHandle = handle.Length == 0 ? null : Base64Url.EncodeToString(Encoding.UTF8.GetBytes(handle)),
            }
        );
    }

    public void Dispose()
    {
        _ec.Dispose();
        _rsa?.Dispose();
    }

    private string Credential(object response)
    {
        var id = Base64Url.EncodeToString(CredentialId);
        return JsonSerializer.Serialize(
            new
            {
                id,
                rawId = id,
                type = "public-key",
                response,
                clientExtensionResults = new { },
                authenticatorAttachment = "platform",
            }
        );
    }

    private byte[] ClientData(JsonElement options, string type, PasskeyTwist? twist) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                type = twist?.Type ?? type,
                challenge = twist?.Challenge ?? options.GetProperty("challenge").GetString(),
                origin = twist?.Origin ?? origin,
                crossOrigin = twist?.IsCrossOrigin == true,
            }
        );

    private byte[] AuthenticatorData(string rpId, bool attests, PasskeyTwist? twist)
    {
        var counter = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(counter, Counter == 0 ? 0 : Counter++);
        var flags =
            (twist?.WithoutPresence == true ? 0 : 0x01) // UP
            | (twist?.WithoutVerification == true ? 0 : 0x04) // UV
            | (attests ? 0x40 : 0); // AT
        byte[] head = [.. SHA256.HashData(Encoding.UTF8.GetBytes(twist?.RpId ?? rpId)), (byte)flags, .. counter];
        return !attests ? head : [.. head, .. new byte[16], 0, (byte)CredentialId.Length, .. CredentialId, .. CoseKey()];
    }

    /// <summary>RFC 9053 §7.1, RFC 8230 §4.</summary>
    private byte[] CoseKey()
    {
        if (_rsa is not null)
        {
            var rsa = _rsa.ExportParameters(includePrivateParameters: false);
            return [0xA4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, .. Bytes(rsa.Modulus!), 0x21, .. Bytes(rsa.Exponent!)];
        }

        var point = _ec.ExportParameters(includePrivateParameters: false).Q;
        return [0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, .. Bytes(point.X!), 0x22, .. Bytes(point.Y!)];
    }

    private static byte[] Text(string text) => [(byte)(0x60 | text.Length), .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Bytes(byte[] bytes) =>
        bytes.Length switch
        {
            < 24 => [(byte)(0x40 | bytes.Length), .. bytes],
            < 256 => [0x58, (byte)bytes.Length, .. bytes],
            _ => [0x59, (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes],
        };
}

/// <summary>How an answer of an authenticator differs from a right one.</summary>
public sealed record PasskeyTwist
{
    public string? Origin { get; init; }

    public string? RpId { get; init; }

    public string? Type { get; init; }

    public string? Challenge { get; init; }

    /// <summary>Another user's handle; empty = none.</summary>
    public string? UserHandle { get; init; }

    public bool IsCrossOrigin { get; init; }

    public bool BreaksSignature { get; init; }

    public bool WithoutVerification { get; init; }

    public bool WithoutPresence { get; init; }
}
