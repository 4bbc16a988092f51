using FsCheck;
using FsCheck.Fluent;
using Tokenry.Protocol.Jose;

namespace Tokenry.Protocol.Tests.Jose;

/// <summary>What a * reaches, and what it never does.</summary>
public sealed class ClaimPatternTests
{
    private static readonly string[] Words = ["repo", "acme", "acme-evil", "web", "ref", "refs", "heads", "main", "v1", "", "*"];

    [Theory]
    [InlineData("repo:acme/web:ref:refs/heads/main", true)]
    [InlineData("repo:acme/*", true)]
    [InlineData("repo:acme/*:environment:production", true)]
    [InlineData("repo:acme/web:ref:refs/tags/v*", true)]
    [InlineData("system:serviceaccount:ci:*", true)]
    [InlineData("f9b6a3a2-0a1b-4c2d-8e3f-445566778899", true)]
    [InlineData("", false)]
    [InlineData("*", false)]
    [InlineData("repo:*", false)]
    [InlineData("repo:*/web", false)]
    [InlineData("*:acme/web", false)]
    [InlineData("repo:acme*", false)]
    [InlineData("repo:acme*/web", false)]
    [InlineData("repo:acme/web*:ref", false)] // the beginning of a name says nothing of the rest
    [InlineData("repo:acme/*web", false)]
    [InlineData("repo:acme/w*b", false)]
    [InlineData("repo:acme/**", false)]
    [InlineData("repo:acme/v*.*", false)]
    public void A_subject_spells_out_its_first_two_segments(string text, bool isPattern) =>
        Assert.Equal(isPattern, ClaimPattern.TryParse(text, 2, out _));

    [Theory]
    [InlineData("refs/heads/*", true)]
    [InlineData("refs/*", true)]
    [InlineData("*", false)]
    [InlineData("main*", false)]
    [InlineData("*/main", false)]
    public void Another_claim_spells_out_its_first(string text, bool isPattern) =>
        Assert.Equal(isPattern, ClaimPattern.TryParse(text, 1, out _));

    [Theory]
    [InlineData("repo:acme/*", "repo:acme/web", true)]
    [InlineData("repo:acme/*", "repo:acme-evil/web", false)]
    [InlineData("repo:acme/*", "repo:acme/", false)]
    [InlineData("repo:acme/*", "repo:acme", false)]
    [InlineData("repo:acme/*", "repo:acme/web:ref:refs/heads/main", false)]
    [InlineData("repo:acme/*", "repo:acme/web/evil", false)]
    [InlineData("repo:acme/*", "repo:acme:web", false)]
    [InlineData("repo:acme/*", "repo/acme/web", false)]
    [InlineData("repo:acme/*", "REPO:acme/web", false)]
    [InlineData("repo:acme/*", "xrepo:acme/web", false)]
    [InlineData("repo:acme/web:ref:refs/heads/*", "repo:acme/web:ref:refs/heads/main", true)]
    [InlineData("repo:acme/web:ref:refs/heads/*", "repo:acme/web:ref:refs/heads/a/b", false)]
    [InlineData("repo:acme/web:ref:refs/heads/*", "repo:acme/web:ref:refs/pull/7/merge", false)]
    [InlineData("repo:acme/web:ref:refs/heads/*", "repo:acme/web:pull_request", false)]
    [InlineData("repo:acme/web:ref:refs/tags/v*", "repo:acme/web:ref:refs/tags/v1.2", true)]
    [InlineData("repo:acme/web:ref:refs/tags/v*", "repo:acme/web:ref:refs/tags/v", false)]
    [InlineData("repo:acme/web:ref:refs/tags/v*", "repo:acme/web:ref:refs/tags/v1/x", false)]
    [InlineData("repo:acme/web", "repo:acme/web", true)]
    [InlineData("repo:acme/web", "repo:acme/web ", false)]
    [InlineData("system:serviceaccount:ci:*", "system:serviceaccount:ci:deployer", true)]
    [InlineData("system:serviceaccount:ci:*", "system:serviceaccount:ci-evil:deployer", false)]
    public void A_star_is_one_segment_or_the_end_of_the_last(string text, string value, bool matches)
    {
        Assert.True(ClaimPattern.TryParse(text, 2, out var pattern));
        Assert.Equal(matches, pattern.Matches(value));
        Assert.Equal(text, pattern.ToString());
    }

    [Fact]
    public void Without_a_star_a_pattern_matches_itself_and_nothing_else() =>
        Prop.ForAll(
                Texts(),
                Texts(),
                (text, value) =>
                    text.Contains('*', StringComparison.Ordinal)
                    || !ClaimPattern.TryParse(text, 2, out var pattern)
                    || pattern.Matches(value) == (text == value) && pattern.Matches(text)
            )
            .QuickCheckThrowOnFailure();

    /// <summary>Said once more, by splitting: as many segments, the same separators, and a star for one name at most.</summary>
    [Fact]
    public void Whatever_matches_differs_in_starred_segments_only() =>
        Prop.ForAll(
                Texts(),
                Texts(),
                (text, value) => !ClaimPattern.TryParse(text, 2, out var pattern) || pattern.Matches(value) == Expected(text, value)
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_star_replaced_by_a_name_matches_and_by_two_names_does_not() =>
        Prop.ForAll(
                Texts(),
                Gen.Elements("x", "main", "a-b", "v1.2", "é").ToArbitrary(),
                (text, name) =>
                    !ClaimPattern.TryParse(text, 2, out var pattern)
                    || !text.Contains('*', StringComparison.Ordinal)
                    || pattern.Matches(text.Replace("*", name, StringComparison.Ordinal))
                        && !pattern.Matches(text.Replace("*", name + "/" + name, StringComparison.Ordinal))
                        && !pattern.Matches(text.Replace("*", name + ":" + name, StringComparison.Ordinal))
                        && !pattern.Matches(text.Replace("*", "", StringComparison.Ordinal))
            )
            .QuickCheckThrowOnFailure();

    private static bool Expected(string text, string value)
    {
        var (wanted, said) = (text.Split(':', '/'), value.Split(':', '/'));
        return wanted.Length == said.Length
            && text.Where(c => c is ':' or '/').SequenceEqual(value.Where(c => c is ':' or '/'))
            && wanted
                .Zip(said)
                .All(pair =>
                    pair.First.EndsWith('*')
                        ? pair.Second.Length >= pair.First.Length && pair.Second.StartsWith(pair.First[..^1], StringComparison.Ordinal)
                        : pair.First == pair.Second
                );
    }

    private static Arbitrary<string> Texts() =>
        (
            from words in Gen.Elements(Words).NonEmptyListOf()
            from separators in Gen.Elements(':', '/').ListOf(words.Count)
            select string.Concat(words.Select((word, i) => i == 0 ? word : separators[i] + word))
        ).ToArbitrary();
}
