using System.Collections.Frozen;
using System.Text.Json;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Signing;

/// <summary>All signing keys and their JWK set, as one immutable snapshot.</summary>
public sealed class SigningKeySet
{
    private readonly FrozenDictionary<string, VerificationKey> verification;
    private readonly JwsSigningKey? es256;
    private readonly JwsSigningKey? rs256;

    /// <param name="keys">Each key with its state, in the order of publication.</param>
    public SigningKeySet(IReadOnlyList<(JwsSigningKey Key, SigningKeyRow Row)> keys)
    {
        Keys = keys;
        verification = keys.ToFrozenDictionary(entry => entry.Key.KeyId, entry => entry.Key.Verification, StringComparer.Ordinal);
        es256 = ActiveOf(JwsAlgorithms.Es256);
        rs256 = ActiveOf(JwsAlgorithms.Rs256);
        JwkSet = new PublicDocument(WriteJwkSet(keys.Select(entry => entry.Key)), "application/jwk-set+json");

        JwsSigningKey? ActiveOf(string algorithm) =>
            keys.FirstOrDefault(entry => entry.Row.IsActive && entry.Key.Algorithm == algorithm).Key;
    }

    public IReadOnlyList<(JwsSigningKey Key, SigningKeyRow Row)> Keys { get; }

    /// <summary>The JWK set (RFC 7517) with public members only.</summary>
    public PublicDocument JwkSet { get; }

    /// <summary>The key that signs new tokens of the algorithm; <c>null</c> if there is none yet.</summary>
    public JwsSigningKey? Active(string algorithm) =>
        algorithm switch
        {
            JwsAlgorithms.Es256 => es256,
            JwsAlgorithms.Rs256 => rs256,
            _ => null,
        };

    /// <summary>The verification key with that id. The id is a dictionary key and never a path or a URL.</summary>
    public VerificationKey? Find(string keyId) => verification.GetValueOrDefault(keyId);

    private static byte[] WriteJwkSet(IEnumerable<JwsSigningKey> keys)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("keys");
            foreach (var key in keys)
            {
                key.WritePublic(writer);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }
}
