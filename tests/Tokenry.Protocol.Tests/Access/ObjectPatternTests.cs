using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Access;

namespace Tokenry.Protocol.Tests.Access;

public sealed class ObjectPatternTests
{
    [Theory]
    [InlineData("repo:acme/web")]
    [InlineData("repo:acme/*")]
    [InlineData("repo:*")]
    [InlineData("base:app123")]
    [InlineData("A:~")]
    [InlineData("a-b_c.d:e:f:g")]
    [InlineData("repo:acme/web..v2")]
    [InlineData("repo:acme/...")]
    [InlineData("repo:acme/..web")]
    [InlineData("repo:acme/web../*")]
    [InlineData("repo:acme/.github/*")]
    [InlineData("path:/srv/data/")]
    [InlineData("path:/*")]
    [InlineData("file:100%2")]
    [InlineData("file:100%")]
    [InlineData("file:100%41")]
    public void A_pattern_is_type_and_id(string text)
    {
        Assert.True(ObjectPattern.TryParse(text, out var pattern));
        Assert.Equal(text, pattern.ToString());
        Assert.Equal(text[..text.IndexOf(':', StringComparison.Ordinal)], pattern.Type);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("repo")]
    [InlineData("repo:")]
    [InlineData(":acme")]
    [InlineData("*")]
    [InlineData("*:*")]
    [InlineData("re*:x")]
    [InlineData("repo:*x")]
    [InlineData("repo:**")]
    [InlineData("repo:a*b*")]
    [InlineData("repo:a b")]
    [InlineData("repo:a\n")]
    [InlineData("repo:\0")]
    [InlineData("repo:é")]
    [InlineData("1repo:x")]
    [InlineData("-repo:x")]
    [InlineData("re po:x")]
    [InlineData("répo:x")]
    [InlineData(" repo:x")]
    [InlineData("repo:..")]
    [InlineData("repo:../x")]
    [InlineData("repo:acme/..")]
    [InlineData("repo:acme/../other")]
    [InlineData("repo:acme/../*")]
    [InlineData("repo:acme/..*")]
    [InlineData("repo:..*")]
    [InlineData("repo:acme//web")]
    [InlineData("repo:acme//*")]
    [InlineData("repo:acme//")]
    [InlineData("repo://acme")]
    [InlineData(@"repo:acme\..\other")]
    [InlineData(@"repo:acme\/web")]
    [InlineData("repo:acme/%2e%2E/other")]
    [InlineData("repo:acme/.%2e/other")]
    [InlineData("repo:acme%2F..%2fother")]
    [InlineData("repo:acme%5c%2e.%5Cother")]
    [InlineData("repo:acme/%2Fweb")]
    public void Anything_else_is_refused(string? text)
    {
        Assert.False(ObjectPattern.TryParse(text, out var pattern));
        Assert.Null(pattern);
    }

    [Fact]
    public void Type_and_whole_have_their_lengths()
    {
        Assert.True(ObjectPattern.TryParse(new string('t', 64) + ":x", out _));
        Assert.False(ObjectPattern.TryParse(new string('t', 65) + ":x", out _));
        Assert.True(ObjectPattern.TryParse("t:" + new string('x', 198), out _));
        Assert.False(ObjectPattern.TryParse("t:" + new string('x', 199), out _));
    }

    [Theory]
    [InlineData("repo:acme/web", "repo:acme/web", true)]
    [InlineData("repo:acme/web", "repo:acme/Web", false)]
    [InlineData("repo:acme/web", "Repo:acme/web", false)]
    [InlineData("repo:acme/web", "repo:acme/web2", false)]
    [InlineData("repo:acme/*", "repo:acme/web", true)]
    [InlineData("repo:acme/*", "repo:acme/web/deep", true)]
    [InlineData("repo:acme/*", "repo:acme/", true)]
    [InlineData("repo:acme/*", "repo:acme", false)]
    [InlineData("repo:acme/*", "repo:acmex/web", false)]
    [InlineData("repo:*", "repo:x", true)]
    [InlineData("repo:*", "repository:x", false)]
    [InlineData("repo:*", "repo:", false)]
    [InlineData("repo:*", "repo:*", false)]
    [InlineData("repo:*", "repo:a b", false)]
    public void A_star_stands_for_any_rest(string text, string name, bool matches) => Assert.Equal(matches, Pattern(text).Matches(name));

    [Theory]
    [InlineData("repo:acme/../other")]
    [InlineData("repo:acme/%2e./other")]
    [InlineData(@"repo:acme/..\other")]
    [InlineData("repo:acme//other")]
    public void A12_a_name_that_could_be_read_as_another_is_no_object(string name)
    {
        Assert.False(ObjectPattern.IsValidObject(name));
        Assert.False(Pattern("repo:*").Matches(name));
        Assert.False(Pattern("repo:acme/*").Matches(name));
    }

    [Theory]
    [InlineData("repo:*", "repo:acme/*", true)]
    [InlineData("repo:acme/*", "repo:*", false)]
    [InlineData("repo:acme/*", "repo:acme/*", true)]
    [InlineData("repo:acme/*", "repo:acme/web", true)]
    [InlineData("repo:acme*", "repo:acme", true)]
    [InlineData("repo:acme", "repo:acme*", false)]
    [InlineData("repo:acme", "repo:acme", true)]
    [InlineData("repo:*", "base:*", false)]
    public void A_wider_one_covers_a_narrower(string wide, string narrow, bool covers) =>
        Assert.Equal(covers, Pattern(wide).Covers(Pattern(narrow)));

    [Fact]
    public void Covering_is_consistent_with_matching() =>
        Prop.ForAll(
                Patterns.ToArbitrary(),
                Patterns.ToArbitrary(),
                Objects.ToArbitrary(),
                (wide, narrow, name) =>
                    !(Pattern(wide).Covers(Pattern(narrow)) && Pattern(narrow).Matches(name)) || Pattern(wide).Matches(name)
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));

    [Fact]
    public void What_is_not_covered_has_a_witness() =>
        Prop.ForAll(
                Patterns.ToArbitrary(),
                Patterns.ToArbitrary(),
                (wide, narrow) =>
                    Pattern(wide).Covers(Pattern(narrow))
                    || Witnesses(narrow).Any(name => Pattern(narrow).Matches(name) && !Pattern(wide).Matches(name))
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));

    [Fact]
    public void No_text_makes_it_throw() =>
        Prop.ForAll<string?>(text =>
            {
                var parsed = ObjectPattern.TryParse(text, out var pattern);
                _ = ObjectPattern.IsValidObject(text);
                _ = Pattern("repo:*").Matches(text);
                return parsed == (pattern is not null);
            })
            .QuickCheckThrowOnFailure();

    [Theory]
    [MemberData(nameof(Junk.Characters), MemberType = typeof(Junk))]
    public void Long_junk_is_refused(char character)
    {
        Assert.False(ObjectPattern.TryParse(Junk.Of(character), out _));
        Assert.False(ObjectPattern.TryParse("repo:" + Junk.Of(character), out _));
        Assert.False(ObjectPattern.IsValidObject("repo:" + Junk.Of(character)));
        Assert.False(Pattern("repo:*").Matches("repo:" + Junk.Of(character)));
    }

    [Fact]
    public async Task Matching_allocates_nothing()
    {
        var pattern = Pattern("repo:acme/*");
        Assert.Equal(0, await Allocations.OfAsync(() => pattern.Matches("repo:acme/web")));
    }

    // At most 180 characters, so that none is too long for a pattern.
    private static Gen<string> Ids =>
        Gen.Choose(1, 60)
            .SelectMany(count => Gen.Elements("a", "b", "a/b", "b/").ListOf(count))
            .Select(parts => string.Concat(parts).Replace("//", "/", StringComparison.Ordinal));

    private static Gen<string> Objects => Gen.Elements("r", "s").SelectMany(type => Ids.Select(id => $"{type}:{id}"));

    private static Gen<string> Patterns => Gen.OneOf(Objects, Objects.Select(text => text + "*"), Gen.Elements("r:*", "s:*"));

    // Objects a narrow pattern matches: its fixed part, and two different longer ones.
    private static string[] Witnesses(string narrow)
    {
        var fixedPart = narrow.TrimEnd('*');
        return [fixedPart, fixedPart + "!", fixedPart + "?"];
    }

    private static ObjectPattern Pattern(string text)
    {
        Assert.True(ObjectPattern.TryParse(text, out var pattern));
        return pattern;
    }
}
