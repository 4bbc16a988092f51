using System.Collections.Frozen;
using System.Text.Json;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Signing;

/// <summary>All signing keys, as one immutable snapshot that is replaced whole, with the JWK set that says so.</summary>
public sealed class SigningKeySet
{
    private readonly FrozenDictionary<string, VerificationKey> verification;
    private readonly SigningKey? es256;
    private readonly SigningKey? rs256;

    /// <param name="keys">Each key with its state, in the order in which they are published.</param>
    public SigningKeySet(IReadOnlyList<(SigningKey Key, SigningKeyRow Row)> keys)
    {
        Keys = keys;
        verification = keys.ToFrozenDictionary(entry => entry.Key.KeyId, entry => entry.Key.Verification, StringComparer.Ordinal);
        es256 = ActiveOf(JwsAlgorithms.Es256);
        rs256 = ActiveOf(JwsAlgorithms.Rs256);
        JwkSet = new PublicDocument(WriteJwkSet(keys.Select(entry => entry.Key)), "application/jwk-set+json");

        SigningKey? ActiveOf(string algorithm) => keys.FirstOrDefault(entry => entry.Row.IsActive && entry.Key.Algorithm == algorithm).Key;
    }

    public IReadOnlyList<(SigningKey Key, SigningKeyRow Row)> Keys { get; }

    /// <summary>The JWK set (RFC 7517) with public members only.</summary>
    public PublicDocument JwkSet { get; }

    /// <summary>The key new tokens of that algorithm are signed with, if there is one yet.</summary>
    public SigningKey? Active(string algorithm) =>
        algorithm switch
        {
            JwsAlgorithms.Es256 => es256,
            JwsAlgorithms.Rs256 => rs256,
            _ => null,
        };

    /// <summary>The verification key of that id; the id is a dictionary key and nothing else.</summary>
    public VerificationKey? Find(string keyId) => verification.GetValueOrDefault(keyId);

    private static byte[] WriteJwkSet(IEnumerable<SigningKey> keys)
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
