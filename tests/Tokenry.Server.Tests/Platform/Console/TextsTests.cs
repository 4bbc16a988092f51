using System.Text.RegularExpressions;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Tests.Architecture;

namespace Tokenry.Server.Tests.Platform.Console;

/// <summary>The languages of the pages: each is complete, and has no text that no page uses.</summary>
public sealed partial class TextsTests
{
    public static readonly TheoryData<string> Tags = [.. Languages.All.Select(language => language.Tag)];

    [Theory, MemberData(nameof(Tags))]
    public void Every_language_has_the_keys_of_English_and_no_others(string tag) =>
        Assert.Equal(Languages.Read("en").Keys.Order(StringComparer.Ordinal), Languages.Read(tag).Keys.Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Tags))]
    public void A_text_has_the_values_of_the_English_one(string tag)
    {
        var english = Languages.Read("en");
        Assert.Empty(Languages.Read(tag).Where(text => Values(text.Value) != Values(english[text.Key])).Select(text => text.Key));
    }

    [Fact]
    public void Every_key_that_a_page_uses_exists_and_every_key_is_used()
    {
        var keys = Languages.Read("en").Keys.ToHashSet(StringComparer.Ordinal);
        var used = new HashSet<string>(StringComparer.Ordinal);
        var sets = new HashSet<string>(["month", "time", "fault"], StringComparer.Ordinal); // made from numbers, and those of the test below
        foreach (var (path, lines) in SourceFiles.Of("src/Tokenry.Server"))
        {
            used.UnionWith(PageText().Matches(string.Join('\n', lines)).Select(match => match.Groups["key"].Value));
            foreach (var line in lines)
            {
                sets.UnionWith(Set().Matches(line).Select(match => match.Groups["set"].Value));
                if (
                    path.EndsWith(".razor", StringComparison.Ordinal)
                    || path.EndsWith("Pages.cs", StringComparison.Ordinal)
                    || path.Contains("Platform/Console/", StringComparison.Ordinal)
                    || path.EndsWith("SignInAnswer.cs", StringComparison.Ordinal)
                    || path.EndsWith("Mail.cs", StringComparison.Ordinal)
                    || path.EndsWith("CalendarFeed.cs", StringComparison.Ordinal)
                )
                {
                    used.UnionWith(Key().Matches(line).Select(match => match.Groups["key"].Value));
                }
            }
        }

        used.RemoveWhere(key => Path.GetExtension(key) is ".css" or ".js" or ".svg"); // files
        Assert.DoesNotContain(used, key => !keys.Contains(key) && !keys.Contains(key + ".one"));
        Assert.DoesNotContain(
            keys,
            key => !used.Contains(key) && !used.Contains(Plural().Replace(key, "")) && !sets.Contains(key.Split('.')[0])
        );
    }

    /// <summary>A page says a refusal in its language, before the server's own words.</summary>
    [Fact]
    public void Every_code_of_a_refusal_has_its_words() =>
        Assert.Equal(
            typeof(ProblemCode)
                .GetFields()
                .Where(field => field.IsLiteral)
                .Select(field => $"refusal.{field.GetRawConstantValue()}")
                .Order(StringComparer.Ordinal),
            Languages.Read("en").Keys.Where(key => key.StartsWith("refusal.", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        );

    /// <summary>What the server finds wrong with a field has a text in each language, and each such text belongs to a fault.</summary>
    [Fact]
    public void Every_fault_of_a_field_has_its_words()
    {
        var ofPolicies = typeof(PolicyRule)
            .GetFields()
            .Where(field => field.IsLiteral)
            .Select(field => $"policy_{field.GetRawConstantValue()}");
        var named = SourceFiles
            .Of("src/Tokenry.Server")
            .SelectMany(file => Fault().Matches(string.Join('\n', file.Lines)).Select(match => match.Groups["id"].Value))
            .Concat(ofPolicies)
            .Distinct(StringComparer.Ordinal)
            .Select(id => $"fault.{id}");
        Assert.Equal(
            named.Order(StringComparer.Ordinal),
            Languages.Read("en").Keys.Where(key => key.StartsWith("fault.", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData("", "en")]
    [InlineData("de, fr", "en")]
    [InlineData("zh-TW", "zh-Hant-TW")]
    [InlineData("zh-Hant", "zh-Hant-TW")]
    [InlineData("zh-HK, zh;q=0.5", "zh-Hant-HK")]
    [InlineData("zh", "zh-Hans")]
    [InlineData("zh-CN, en;q=0.8", "zh-Hans")]
    [InlineData("en;q=0.3, nl-BE;q=0.9", "nl")]
    [InlineData("nl;q=0, en", "en")]
    [InlineData(";;;,,,q=", "en")]
    public void The_best_of_the_accepted_languages_is_chosen(string accepted, string expected) =>
        Assert.Equal(expected, Languages.Best(accepted));

    [Fact]
    public void Times_and_numbers_follow_the_language()
    {
        var now = new DateTimeOffset(2099, 2, 27, 9, 5, 7, TimeSpan.Zero);
        var english = Languages.Named("en");
        Assert.Equal("27 February 2099", english.Day(now));
        Assert.Equal("2099年2月27日", Languages.Named("zh-Hant-TW").Day(now));
        Assert.Equal("27 februari 2099, 09:05:07 UTC", Languages.Named("nl").Moment(now));
        Assert.Equal("in 12 days", english.Relative(now.AddDays(12), now));
        Assert.Equal("1 day ago", english.Relative(now.AddDays(-1), now));
        Assert.Equal("2 h ago", english.Relative(now.AddMinutes(-125), now));
        Assert.Equal("12,345", english.Number(12345L));
        Assert.Equal("12.345", Languages.Named("nl").Number(12345L));
    }

    [Fact]
    public void The_pseudo_language_is_longer_and_keeps_the_values()
    {
        var text = Languages.Named(Languages.Pseudo)["new_token.done_lead", ("name", "laptop")];
        Assert.StartsWith("[laptop ", text, StringComparison.Ordinal);
        Assert.True(text.Length > Languages.Read("en")["new_token.done_lead"].Length);
    }

    private static string Values(string text) =>
        string.Join(' ', Value().Matches(text).Select(match => match.Value).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    [GeneratedRegex(@"\{\w+\}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Value();

    [GeneratedRegex(@"""(?<key>[a-z_]+(\.[a-z_]+)+)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Key();

    [GeneratedRegex(
        @"\bPageText(\s+\w+\s*=\s*new)?\(\s*""(?<key>[a-z_.]+)""",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex PageText();

    [GeneratedRegex(
        @"\bFieldFault(\s+\w+(\([^)]*\))?\s*=>?\s*new)?\(\s*""(?<id>[a-z_]+)""",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Fault();

    [GeneratedRegex(@"(\b(T|texts)\.Of\(""|Texts="")(?<set>[a-z_]+)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Set();

    [GeneratedRegex(@"\.(one|other)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Plural();
}
