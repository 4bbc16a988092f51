using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Access;

namespace Tokenry.Protocol.Tests.Access;

public sealed class ScopeSetTests
{
    private static readonly Arbitrary<string[]> Names = Gen.Elements("a", "b", "B", "c", "invoices:read", "invoices:write", "z")
        .ArrayOf()
        .ToArbitrary();

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
    public void Facts_are_intersected_without_allocating()
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
        Assert.Equal(0, Allocations.Of(() => wide.Intersect(narrow)));
        Assert.Equal(0, Allocations.Of(() => wide.IsSupersetOf(narrow)));
        Assert.Equal(0, Allocations.Of(() => wide.Contains("c")));
        Assert.Equal(
            0,
            Allocations.Of(() =>
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
}
