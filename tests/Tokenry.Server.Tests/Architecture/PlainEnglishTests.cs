using System.Text.RegularExpressions;

namespace Tokenry.Server.Tests.Architecture;

/// <summary>
/// Texts for people name their actor and use the field's words. This holds a short list of replaced words and nothing else: how a sentence
/// is built is for reviewers. A word joins the list when a review replaced it more than once.
/// </summary>
public sealed partial class PlainEnglishTests
{
    /// <summary>Texts outside <c>docs/</c> that the rules bind too.</summary>
    private static readonly string[] Pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md"];

    /// <summary>Folders and files of <c>docs/</c> that are not rewritten yet. Only ever take lines away.</summary>
    private static readonly string[] NotYet = ["docs/walks.md"];

    [Fact]
    public void No_page_uses_a_word_that_was_replaced()
    {
        var pages = Directory
            .EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
            .Where(page => !NotYet.Any(start => page.StartsWith(start, StringComparison.Ordinal)))
            .Concat(Pages)
            .ToList();
        Assert.True(pages.Count > 15);
        Assert.Empty(pages.SelectMany(page => Found(page, File.ReadLines(Path.Combine(Repository.Root, page)))));
    }

    [Fact]
    public void Finds_each_word_wherever_it_appears()
    {
        string[] text =
        [
            "Whoever has the key may, and nobody else.",
            "| a cell | the deed |",
            "They bury it; it is buried.",
            "an embodied indeed",
        ];
        Assert.Equal(
            ["p:1: Whoever", "p:1: nobody", "p:2: deed", "p:3: bury", "p:3: buried"],
            Found("p", text).Select(fault => fault.Split(" (")[0])
        );
    }

    private static IEnumerable<string> Found(string page, IEnumerable<string> lines) =>
        lines.SelectMany(
            (line, index) =>
                Replaced()
                    .Matches(line)
                    .Select(match =>
                        $"{page}:{index + 1}: {match.Value} (name the actor: caller, client, operator, owner, …; an event, not a deed; deleted, not buried)"
                    )
        );

    [GeneratedRegex(
        @"\b(whoever|whosoever|nobody|somebody|anybody|everybody|deeds?|bury|buries|buried)\b",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Replaced();
}
