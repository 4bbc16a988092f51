using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tokenry.Protocol.Jose;

namespace Tokenry.Server.Foundation.Signing;

/// <summary>One private key with its one algorithm (ES256) and the protected header of the tokens it signs, prepared once.</summary>
public sealed class SigningKey : IDisposable
{
    private readonly ECDsa key;

    private SigningKey(string keyId, string algorithm, ECDsa key)
    {
        this.key = key;
        KeyId = keyId;
        Algorithm = algorithm;
        Verification = new VerificationKey(keyId, ECDsa.Create(key.ExportParameters(includePrivateParameters: false)));
        var header = $$"""{"alg":"{{algorithm}}","typ":"at+jwt","kid":"{{keyId}}"}""";
        EncodedHeader = Encoding.ASCII.GetBytes(Base64Url.EncodeToString(Encoding.ASCII.GetBytes(header)) + ".");
    }

    public string KeyId { get; }

    public string Algorithm { get; }

    public VerificationKey Verification { get; }

    /// <summary>base64url of the protected header, and the dot behind it.</summary>
    public byte[] EncodedHeader { get; }

    public static SigningKey Open(string keyId, string algorithm, byte[] pkcs8)
    {
        if (algorithm != "ES256")
        {
            throw new NotSupportedException($"Signing key {keyId} is of algorithm {algorithm}, which this version does not sign with.");
        }

        var opened = ECDsa.Create();
        opened.ImportPkcs8PrivateKey(pkcs8, out _);
        CryptographicOperations.ZeroMemory(pkcs8);
        return new SigningKey(keyId, algorithm, opened);
    }

    /// <summary>The signature as a JWS has it: r ‖ s, 64 bytes (RFC 7518 §3.4).</summary>
    public bool TrySign(ReadOnlySpan<byte> signingInput, Span<byte> signature) =>
        key.TrySignData(signingInput, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out _);

    public void WritePublic(Utf8JsonWriter writer) => JsonWebKey.WritePublic(writer, KeyId, Algorithm, key);

    public void Dispose()
    {
        key.Dispose();
        Verification.Dispose();
    }
}
