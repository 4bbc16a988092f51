using System.Text.Json.Serialization;

namespace Tokenry.Server.Platform.Keys;

/// <summary>The content of the key file: secrets in base64 by version number.</summary>
public sealed record KeyFileContent(
    Dictionary<int, byte[]> Peppers,
    Dictionary<int, byte[]> KeyEncryptionKeys,
    Dictionary<int, byte[]> AuditKeys
);

/// <summary>The key file in the form that a PKCS#11 token seals.</summary>
/// <param name="TokenLabel">The label of the token that sealed it, for messages.</param>
/// <param name="KeyId">The <c>CKA_ID</c> of the secret on the token.</param>
/// <param name="Salt">The salt from which the token derives the key.</param>
/// <param name="Content">A <see cref="KeyFileContent"/>, sealed (<see cref="AesGcmBox"/>).</param>
public sealed record SealedKeyFile(string TokenLabel, string KeyId, byte[] Salt, byte[] Content);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(SealedKeyFile))]
[JsonSerializable(typeof(KeyFileContent))]
internal sealed partial class KeyFileJson : JsonSerializerContext;
