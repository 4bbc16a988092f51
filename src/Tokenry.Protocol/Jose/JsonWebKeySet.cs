using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Tokenry.Protocol.Jose;

/// <summary>The verification keys of one party by <c>kid</c>: the members of a JWK Set (RFC 7517 §5) that the import policy accepts. Immutable.</summary>
public sealed class JsonWebKeySet : IDisposable
{
    /// <summary>The most usable keys that it keeps; a set may have more members.</summary>
    public const int MaxKeys = 500;

    /// <summary>The most usable keys of one <c>kid</c> that it keeps, because a signature check may try each of them.</summary>
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

    /// <summary>The members that it does not use, in the set's order.</summary>
    public IReadOnlyList<UnusedJsonWebKey> Unused { get; }

    /// <summary>
    /// Reads <c>{"keys":[…]}</c>. It skips members that are no keys or that <see cref="VerificationKey.TryImport(JsonElement, out VerificationKey)"/> refuses,
    /// as RFC 7517 §5 advises: honest sets contain keys of other algorithms. Keys may share a <c>kid</c> (§4.5). It refuses the whole set if the set is
    /// malformed or contains a private or symmetric key, because that key must be treated as leaked.
    /// </summary>
    /// <param name="utf8">The document, which the set does not keep.</param>
    /// <param name="set">The set, possibly empty; the caller disposes it.</param>
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

    /// <summary>The first key of this <c>kid</c>, or null. Another of them may have signed a token: see <see cref="FindAll"/>.</summary>
    public VerificationKey? Find(string keyId) => FindAll(keyId) is [var first, ..] ? first : null;

    /// <summary>The keys of this <c>kid</c>, usually one; empty for none.</summary>
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
                imported.Count == MaxKeys ? $"comes after {MaxKeys} keys; the server keeps no more"
                : !VerificationKey.TryImport(item, out key) ? JsonWebKeyImport.ReasonAgainst(item)
                : !seen.Add((key.KeyId, key.Algorithm, key.Thumbprint())) ? "is in the set already"
                : ofOneId.GetValueOrDefault(key.KeyId) == MaxKeysOfOneId ? $"has a kid that {MaxKeysOfOneId} earlier keys have"
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
