using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Access;

namespace Tokenry.Protocol.Tests.Access;

public sealed class ScopeSetTests
{
    private static readonly Arbitrary<string[]> Names = Gen.Elements("a", "b", "B", "c", "invoices:read", "invoices:write", "z")
        .ArrayOf()
        .ToArbitrary();

    /// <summary>Of 64 names, so that sets lie beside, across and within each other, with runs of names that only one of them has.</summary>
    private static readonly Arbitrary<string[]> Subsets = (
        from first in Gen.Choose(0, 63)
        from length in Gen.Choose(0, 64)
        from kept in Gen.Choose(1, 4)
        from choices in Gen.Choose(1, 4).ArrayOf(length)
        select choices.Index().Where(choice => choice.Item <= kept).Select(choice => Name((first + choice.Index) % 64)).ToArray()
    ).ToArbitrary();

    [Fact]
    public void It_is_sorted_and_distinct()
    {
        var scopes = ScopeSet.Of(["b", "a", "B", "a"]);
        Assert.Equal(["B", "a", "b"], scopes);
        Assert.Equal("B a b", scopes.ToString());
        Assert.Equal(3, scopes.Count);
        Assert.Equal("a", scopes[1]);
        Assert.Same(scopes.ToString(), scopes.ToString());
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("a", 1)]
    [InlineData("b a", 2)]
    [InlineData("a a", 1)]
    public void The_scope_parameter_is_read(string text, int count)
    {
        Assert.True(ScopeSet.TryParse(text, out var scopes));
        Assert.Equal(count, scopes.Count);
    }

    [Theory]
    [InlineData(" ")]
    [InlineData(" a")]
    [InlineData("a ")]
    [InlineData("a  b")]
    [InlineData("a\tb")]
    [InlineData("a\nb")]
    [InlineData("a\"b")]
    [InlineData("a\\b")]
    [InlineData("é")]
    [InlineData("a\0")]
    [InlineData(null)]
    public void A_malformed_scope_parameter_is_refused(string? text)
    {
        Assert.False(ScopeSet.TryParse(text, out var scopes));
        Assert.Null(scopes);
    }

    [Fact]
    public void A_name_of_201_characters_is_refused() => Assert.False(ScopeSet.TryParse("a " + new string('b', 201), out _));

    [Fact]
    public void Of_refuses_what_is_no_scope_name() => Assert.Throws<ArgumentException>(() => ScopeSet.Of(["a", "b c"]));

    [Fact]
    public void Print_and_parse_are_inverse() =>
        Prop.ForAll(Names, names => ScopeSet.TryParse(ScopeSet.Of(names).ToString(), out var back) && back.Equals(ScopeSet.Of(names)))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void No_text_makes_it_throw() =>
        Prop.ForAll<string?>(text =>
            {
                var parsed = ScopeSet.TryParse(text, out var scopes);
                return parsed == (scopes is not null);
            })
            .QuickCheckThrowOnFailure();

    [Fact]
    public void The_algebra_is_that_of_sets() =>
        Prop.ForAll(
                Names,
                Names,
                (left, right) =>
                {
                    var (a, b) = (ScopeSet.Of(left), ScopeSet.Of(right));
                    return Same(a.Intersect(b), left.Intersect(right))
                        && Same(a.Union(b), left.Union(right))
                        && Same(a.Except(b), left.Except(right))
                        && a.IsSupersetOf(b) == !right.Except(left).Any()
                        && a.IsSupersetOf(a.Intersect(b))
                        && a.Union(b).IsSupersetOf(a)
                        && a.Except(b).Union(a.Intersect(b)).Equals(a)
                        && a.Intersect(b).Equals(b.Intersect(a))
                        && a.Union(b).Equals(b.Union(a))
                        && a.Equals(b) == (a.ToString() == b.ToString())
                        && (!a.Equals(b) || a.GetHashCode() == b.GetHashCode())
                        && right.All(name => a.Contains(name) == left.Contains(name, StringComparer.Ordinal));
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Merged_sets_are_those_of_HashSet() =>
        Prop.ForAll(
                Subsets,
                Subsets,
                (left, right) =>
                {
                    var (a, b) = (ScopeSet.Of(left), ScopeSet.Of(right));
                    return Same(a.Union(b), Set(left, set => set.UnionWith(right)))
                        && Same(a.Intersect(b), Set(left, set => set.IntersectWith(right)))
                        && Same(a.Except(b), Set(left, set => set.ExceptWith(right)))
                        && Same(b.Except(a), Set(right, set => set.ExceptWith(left)));
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Equal_sets_print_alike_however_they_were_made() =>
        Prop.ForAll(
                Subsets,
                Subsets,
                (left, right) =>
                {
                    var (a, b) = (ScopeSet.Of(left), ScopeSet.Of(right));
                    var union = ScopeSet.Of(left.Concat(right).Reverse());
                    return Alike(a.Union(b), union)
                        && Alike(b.Union(a), union)
                        && Alike(a.Except(b).Union(b), union)
                        && Alike(a.Except(b).Union(a.Intersect(b)).Union(b.Except(a)), union)
                        && Alike(union.Except(b), a.Except(b))
                        && Alike(union.Intersect(a), a);
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_result_that_equals_an_operand_is_that_operand() =>
        Prop.ForAll(
                Subsets,
                Subsets,
                (left, right) =>
                {
                    var (a, b) = (ScopeSet.Of(left), ScopeSet.Of(right));
                    return IsOneOf(a.Union(b), a, b) && IsOneOf(a.Intersect(b), a, b) && IsOneOf(a.Except(b), a);
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public async Task Facts_are_intersected_without_allocating()
    {
        var wide = ScopeSet.Of(["a", "b", "c"]);
        var narrow = ScopeSet.Of(["a", "c"]);
        Assert.Same(narrow, wide.Intersect(narrow));
        Assert.Same(narrow, narrow.Intersect(wide));
        Assert.Same(wide, wide.Union(narrow));
        Assert.Same(wide, narrow.Union(wide));
        Assert.Same(ScopeSet.Empty, narrow.Except(wide));
        Assert.Same(ScopeSet.Empty, ScopeSet.Of(["x"]).Intersect(wide));
        Assert.Same(ScopeSet.Empty, ScopeSet.Of([]));
        Assert.Equal(0, await Allocations.OfAsync(() => wide.Intersect(narrow)));
        Assert.Equal(0, await Allocations.OfAsync(() => wide.IsSupersetOf(narrow)));
        Assert.Equal(0, await Allocations.OfAsync(() => wide.Contains("c")));
        Assert.Equal(
            0,
            await Allocations.OfAsync(() =>
            {
                foreach (var name in wide)
                {
                    _ = name.Length;
                }
            })
        );
    }

    [Theory]
    [MemberData(nameof(Junk.Characters), MemberType = typeof(Junk))]
    public void Long_junk_is_refused(char character) => Assert.False(ScopeSet.TryParse(Junk.Of(character), out _));

    [Fact]
    public void Many_names_are_read()
    {
        Assert.True(ScopeSet.TryParse(string.Join(' ', Enumerable.Range(0, 50_000)), out var scopes));
        Assert.Equal(50_000, scopes.Count);
    }

    private static bool Same(ScopeSet actual, IEnumerable<string> expected) =>
        actual.SequenceEqual(expected.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal), StringComparer.Ordinal);

    private static string Name(int number) => number % 2 == 0 ? $"n{number}" : $"N:{number}";

    private static HashSet<string> Set(IEnumerable<string> names, Action<HashSet<string>> change)
    {
        var set = names.ToHashSet(StringComparer.Ordinal);
        change(set);
        return set;
    }

    private static bool Alike(ScopeSet one, ScopeSet another) =>
        one.Equals(another) && one.GetHashCode() == another.GetHashCode() && one.ToString() == another.ToString();

    private static bool IsOneOf(ScopeSet result, params ScopeSet[] operands) =>
        !operands.Any(result.Equals)
        || operands.Any(operand => ReferenceEquals(result, operand))
        || ReferenceEquals(result, ScopeSet.Empty);
}
