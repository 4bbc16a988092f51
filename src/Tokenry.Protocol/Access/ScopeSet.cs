using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Tokenry.Protocol.Access;

/// <summary>
/// An immutable set of scope names in ordinal order, so that equal sets print equally. Operations return an existing set if possible: on a hot path, an
/// intersection allocates nothing if one set contains the other. Thread-safe.
/// </summary>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "A scope set is the product's word.")]
public sealed class ScopeSet : IReadOnlyCollection<string>, IEquatable<ScopeSet>
{
    /// <summary>The empty set; prints as the empty text.</summary>
    public static readonly ScopeSet Empty = new([]);

    private readonly string[] names;
    private string? text;

    private ScopeSet(string[] sortedDistinct) => names = sortedDistinct;

    /// <summary>The number of scopes.</summary>
    public int Count => names.Length;

    /// <summary>True if the set has no scopes.</summary>
    public bool IsEmpty => names.Length == 0;

    /// <summary>The scope at a position in ordinal order, from 0.</summary>
    /// <exception cref="IndexOutOfRangeException">The position is outside the set.</exception>
    public string this[int index] => names[index];

    /// <summary>The set of these names; order and repetition do not matter.</summary>
    /// <exception cref="ArgumentException">A name is not a <see cref="ScopeName"/>.</exception>
    public static ScopeSet Of(IEnumerable<string> scopes)
    {
        ArgumentNullException.ThrowIfNull(scopes);
        if (scopes is ScopeSet set)
        {
            return set;
        }

        var given = scopes.ToArray();
        var wrong = Array.FindIndex(given, static name => !ScopeName.IsValid(name));
        return wrong < 0 ? FromValid(given) : throw new ArgumentException($"Item {wrong} is not a scope name.", nameof(scopes));
    }

    /// <summary>
    /// Reads the <c>scope</c> parameter of RFC 6749 §3.3: names separated by single spaces, without leading or trailing spaces. The empty text is the empty
    /// set; repeated names count once. False if malformed.
    /// </summary>
    public static bool TryParse(string? spaceSeparated, [NotNullWhen(true)] out ScopeSet? scopes)
    {
        scopes = spaceSeparated is { Length: 0 } ? Empty : null;
        if (spaceSeparated is null or { Length: 0 })
        {
            return scopes is not null;
        }

        var span = spaceSeparated.AsSpan();
        var parts = new string[span.Count(' ') + 1];
        var filled = 0;
        foreach (var range in span.Split(' '))
        {
            if (!ScopeName.IsValid(span[range]))
            {
                return false;
            }

            parts[filled++] = spaceSeparated[range];
        }

        scopes = FromValid(parts);
        return true;
    }

    /// <summary>True if the scope is in the set; names compare byte for byte.</summary>
    public bool Contains(string scope) => Array.BinarySearch(names, scope, StringComparer.Ordinal) >= 0;

    /// <summary>True if every scope of <paramref name="other"/> is in this set; every set contains the empty set.</summary>
    public bool IsSupersetOf(ScopeSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return ReferenceEquals(this, other) || (other.Count <= Count && CountCommon(other) == other.Count);
    }

    /// <summary>The scopes that are in both sets.</summary>
    public ScopeSet Intersect(ScopeSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var common = CountCommon(other);
        return common == Count ? this
            : common == other.Count ? other
            : common == 0 ? Empty
            : Merge(other, new string[common], mine: false, both: true, theirs: false);
    }

    /// <summary>The scopes that are in at least one of the sets.</summary>
    public ScopeSet Union(ScopeSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var common = CountCommon(other);
        return common == other.Count ? this
            : common == Count ? other
            : Merge(other, new string[Count + other.Count - common], mine: true, both: true, theirs: true);
    }

    /// <summary>The scopes that are in this set but not in <paramref name="other"/>.</summary>
    public ScopeSet Except(ScopeSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var common = CountCommon(other);
        return common == 0 ? this
            : common == Count ? Empty
            : Merge(other, new string[Count - common], mine: true, both: false, theirs: false);
    }

    /// <summary>Enumerates the names in ordinal order without allocating.</summary>
    public Enumerator GetEnumerator() => new(names);

    /// <summary>The names in ordinal order, separated by one space: the form of a <c>scope</c> claim or parameter. Computed once.</summary>
    public override string ToString() => text ??= string.Join(' ', names);

    /// <summary>True if both sets have the same scopes.</summary>
    public bool Equals(ScopeSet? other) =>
        other is not null && (ReferenceEquals(this, other) || names.AsSpan().SequenceEqual(other.names, StringComparer.Ordinal));

    /// <inheritdoc cref="Equals(ScopeSet)"/>
    public override bool Equals(object? obj) => Equals(obj as ScopeSet);

    /// <summary>A hash of the printed form.</summary>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(ToString());

    IEnumerator<string> IEnumerable<string>.GetEnumerator() => ((IEnumerable<string>)names).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => names.GetEnumerator();

    private static ScopeSet FromValid(string[] names)
    {
        Array.Sort(names, StringComparer.Ordinal);
        var distinct = 0;
        foreach (var name in names)
        {
            if (distinct == 0 || !string.Equals(names[distinct - 1], name, StringComparison.Ordinal))
            {
                names[distinct++] = name;
            }
        }

        return distinct == 0 ? Empty : new ScopeSet(distinct == names.Length ? names : names[..distinct]);
    }

    /// <summary>Merges two sorted sets in one pass: keeps names that are only here, in both, or only there.</summary>
    private ScopeSet Merge(ScopeSet other, string[] merged, bool mine, bool both, bool theirs)
    {
        int here = 0,
            there = 0,
            filled = 0;
        while (filled < merged.Length)
        {
            var order =
                here == names.Length ? 1
                : there == other.names.Length ? -1
                : string.CompareOrdinal(names[here], other.names[there]);
            if (
                order switch
                {
                    < 0 => mine,
                    0 => both,
                    _ => theirs,
                }
            )
            {
                merged[filled++] = order <= 0 ? names[here] : other.names[there];
            }

            here += order <= 0 ? 1 : 0;
            there += order >= 0 ? 1 : 0;
        }

        return new ScopeSet(merged);
    }

    private int CountCommon(ScopeSet other)
    {
        if (ReferenceEquals(this, other))
        {
            return Count;
        }

        int common = 0,
            mine = 0,
            theirs = 0;
        while (mine < names.Length && theirs < other.names.Length)
        {
            var order = string.CompareOrdinal(names[mine], other.names[theirs]);
            common += order == 0 ? 1 : 0;
            mine += order <= 0 ? 1 : 0;
            theirs += order >= 0 ? 1 : 0;
        }

        return common;
    }

    /// <summary>An enumerator of a <see cref="ScopeSet"/>; a value type, so that <c>foreach</c> does not allocate.</summary>
    public struct Enumerator
    {
        private readonly string[] names;
        private int index;

        internal Enumerator(string[] names)
        {
            this.names = names;
            index = -1;
        }

        /// <summary>The current name; valid only after <see cref="MoveNext"/> returned true.</summary>
        public readonly string Current => names[index];

        /// <summary>Moves to the next name; false after the last.</summary>
        public bool MoveNext() => ++index < names.Length;
    }
}
