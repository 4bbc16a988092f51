using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Tokenry.Protocol.Access;

/// <summary>
/// An immutable set of scope names, sorted ordinally, so that equal sets print alike. Operations return an existing set where they can:
/// intersecting facts on a hot path allocates nothing when one set contains the other. Thread-safe.
/// </summary>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "A scope set is the product's word.")]
public sealed class ScopeSet : IReadOnlyCollection<string>, IEquatable<ScopeSet>
{
    /// <summary>The set without scopes; prints as the empty text.</summary>
    public static readonly ScopeSet Empty = new([]);

    private readonly string[] names;
    private string? text;

    private ScopeSet(string[] sortedDistinct) => names = sortedDistinct;

    /// <summary>How many scopes there are.</summary>
    public int Count => names.Length;

    /// <summary>True without scopes.</summary>
    public bool IsEmpty => names.Length == 0;

    /// <summary>The scope at a place in ordinal order, from 0.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such place.</exception>
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
    /// Reads the <c>scope</c> parameter of RFC 6749 §3.3: names separated by single spaces, none leading or trailing. The empty text is the
    /// empty set; repeated names count once. False when malformed.
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

    /// <summary>True when the scope is in the set; names are compared byte for byte.</summary>
    public bool Contains(string scope) => Array.BinarySearch(names, scope, StringComparer.Ordinal) >= 0;

    /// <summary>True when every scope of <paramref name="other"/> is here; the empty set is within every set.</summary>
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

    /// <summary>The scopes that are in either set.</summary>
    public ScopeSet Union(ScopeSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var common = CountCommon(other);
        return common == other.Count ? this
            : common == Count ? other
            : Merge(other, new string[Count + other.Count - common], mine: true, both: true, theirs: true);
    }

    /// <summary>The scopes that are here and not in <paramref name="other"/>.</summary>
    public ScopeSet Except(ScopeSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var common = CountCommon(other);
        return common == 0 ? this
            : common == Count ? Empty
            : Merge(other, new string[Count - common], mine: true, both: false, theirs: false);
    }

    /// <summary>Walks the names in ordinal order without allocating.</summary>
    public Enumerator GetEnumerator() => new(names);

    /// <summary>The names in ordinal order, one space between: the form of a <c>scope</c> claim or parameter. Computed once.</summary>
    public override string ToString() => text ??= string.Join(' ', names);

    /// <summary>True when both hold the same scopes.</summary>
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

    /// <summary>One walk over both, which are sorted: keeps what is only here, in both, or only there.</summary>
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

    /// <summary>A walk over a <see cref="ScopeSet"/>; a value, so that <c>foreach</c> stays off the heap.</summary>
    public struct Enumerator
    {
        private readonly string[] names;
        private int index;

        internal Enumerator(string[] names)
        {
            this.names = names;
            index = -1;
        }

        /// <summary>The name the walk stands on; only meaningful after <see cref="MoveNext"/> answered true.</summary>
        public readonly string Current => names[index];

        /// <summary>Goes to the next name; false behind the last.</summary>
        public bool MoveNext() => ++index < names.Length;
    }
}
