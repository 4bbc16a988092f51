using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>The verification keys of one party by <c>kid</c>: what is left of a JWK Set (RFC 7517 §5) after the import policy. Immutable.</summary>
public sealed class JsonWebKeySet : IDisposable
{
    /// <summary>The most keys a set may list, usable or not.</summary>
    public const int MaxKeys = 100;

    private readonly FrozenDictionary<string, VerificationKey> keys;

    private JsonWebKeySet(IEnumerable<VerificationKey> keys) =>
        this.keys = keys.ToFrozenDictionary(key => key.KeyId, StringComparer.Ordinal);

    /// <summary>The usable keys, in no order.</summary>
    public IReadOnlyCollection<VerificationKey> Keys => keys.Values;

    /// <summary>
    /// Reads <c>{"keys":[…]}</c>. Keys that <see cref="VerificationKey.TryImport(JsonElement, out VerificationKey)"/> refuses are left out, as RFC 7517 §5 advises: other
    /// algorithms live in honest sets. The whole set is refused when it is malformed, lists more than <see cref="MaxKeys"/>, uses one
    /// <c>kid</c> twice, or holds a private or symmetric key: then its publisher has lost control of it, or somebody else has it.
    /// </summary>
    /// <param name="utf8">The document; not kept.</param>
    /// <param name="set">The set, possibly empty, to be disposed by the caller.</param>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out JsonWebKeySet? set)
    {
        set = null;
        if (!StrictJson.TryParseObject(utf8, out var document))
        {
            return false;
        }

        using (document)
        {
            if (
                !document.RootElement.TryGetProperty("keys", out var list)
                || list.ValueKind != JsonValueKind.Array
                || list.GetArrayLength() > MaxKeys
                || !AreTrustworthy(list)
            )
            {
                return false;
            }

            set = new JsonWebKeySet(Import(list));
            return true;
        }
    }

    /// <summary>The key of this <c>kid</c>, or null.</summary>
    public VerificationKey? Find(string keyId) => keys.GetValueOrDefault(keyId);

    /// <summary>Releases the keys.</summary>
    public void Dispose()
    {
        foreach (var key in keys.Values)
        {
            key.Dispose();
        }
    }

    private static bool AreTrustworthy(JsonElement list)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in list.EnumerateArray())
        {
            if (
                item.ValueKind != JsonValueKind.Object
                || JsonWebKeyImport.HoldsSecret(item)
                || (JsonMember.TryGetText(item, "kid", out var id) && !ids.Add(id))
            )
            {
                return false;
            }
        }

        return true;
    }

    private static List<VerificationKey> Import(JsonElement list)
    {
        var imported = new List<VerificationKey>();
        foreach (var item in list.EnumerateArray())
        {
            if (VerificationKey.TryImport(item, out var key))
            {
                imported.Add(key);
            }
        }

        return imported;
    }
}
