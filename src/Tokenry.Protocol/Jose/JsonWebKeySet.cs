using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>The verification keys of one party by <c>kid</c>: what is left of a JWK Set (RFC 7517 §5) after the import policy. Immutable.</summary>
public sealed class JsonWebKeySet : IDisposable
{
    /// <summary>The most usable keys that are kept; a set may list more members.</summary>
    public const int MaxKeys = 500;

    /// <summary>The most usable keys of one <c>kid</c> that are kept, since each may cost a look at a signature.</summary>
    public const int MaxKeysOfOneId = 4;

    private readonly FrozenDictionary<string, IReadOnlyList<VerificationKey>> byId;

    private JsonWebKeySet(List<VerificationKey> keys, IReadOnlyList<UnusedJsonWebKey> unused)
    {
        Keys = keys;
        Unused = unused;
        byId = keys.GroupBy(key => key.KeyId, StringComparer.Ordinal)
            .ToFrozenDictionary(group => group.Key, IReadOnlyList<VerificationKey> (group) => [.. group], StringComparer.Ordinal);
    }

    /// <summary>The usable keys, in the set's order.</summary>
    public IReadOnlyCollection<VerificationKey> Keys { get; }

    /// <summary>The members that were left out, in the set's order.</summary>
    public IReadOnlyList<UnusedJsonWebKey> Unused { get; }

    /// <summary>
    /// Reads <c>{"keys":[…]}</c>. Members that are no keys, or that
    /// <see cref="VerificationKey.TryImport(JsonElement, out VerificationKey)"/> refuses, are left out, as RFC 7517 §5 advises: other
    /// algorithms live in honest sets. Keys may share a <c>kid</c> (§4.5). The whole set is refused when it is malformed or holds a private or
    /// symmetric key: then its publisher has lost control of it, or somebody else has it.
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
                || list.EnumerateArray().Any(VerificationKey.HoldsSecret)
            )
            {
                return false;
            }

            set = Import(list);
            return true;
        }
    }

    /// <summary>The first key of this <c>kid</c>, or null. A token may be signed by another of them: see <see cref="FindAll"/>.</summary>
    public VerificationKey? Find(string keyId) => FindAll(keyId) is [var first, ..] ? first : null;

    /// <summary>The keys of this <c>kid</c>, mostly one; empty for none.</summary>
    public IReadOnlyList<VerificationKey> FindAll(string keyId) => byId.GetValueOrDefault(keyId) ?? [];

    /// <summary>Releases the keys.</summary>
    public void Dispose()
    {
        foreach (var key in Keys)
        {
            key.Dispose();
        }
    }

    private static JsonWebKeySet Import(JsonElement list)
    {
        var imported = new List<VerificationKey>();
        var unused = new List<UnusedJsonWebKey>();
        var seen = new HashSet<(string Id, string Algorithm, string Thumbprint)>();
        var ofOneId = new Dictionary<string, int>(StringComparer.Ordinal);
        var position = 0;
        foreach (var item in list.EnumerateArray())
        {
            VerificationKey? key = null;
            var reason =
                imported.Count == MaxKeys ? $"comes after {MaxKeys} keys, which are the most that are kept"
                : !VerificationKey.TryImport(item, out key) ? JsonWebKeyImport.ReasonAgainst(item)
                : !seen.Add((key.KeyId, key.Algorithm, key.Thumbprint())) ? "is in the set already"
                : ofOneId.GetValueOrDefault(key.KeyId) == MaxKeysOfOneId ? $"has a kid that {MaxKeysOfOneId} keys before it have"
                : null;
            if (reason is null)
            {
                imported.Add(key!);
                ofOneId[key!.KeyId] = ofOneId.GetValueOrDefault(key.KeyId) + 1;
            }
            else
            {
                key?.Dispose();
                unused.Add(new UnusedJsonWebKey(position, JsonWebKeyImport.KeyIdOf(item), reason));
            }

            position++;
        }

        return new JsonWebKeySet(imported, unused);
    }
}
