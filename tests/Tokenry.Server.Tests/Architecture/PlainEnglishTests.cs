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

    private static readonly string[] Source = ["src/Tokenry.Protocol", "src/Tokenry.Server"];

    [Fact]
    public void No_page_uses_a_word_that_was_replaced()
    {
        var pages = Directory
            .EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
            .Concat(Pages)
            .ToList();
        Assert.True(pages.Count > 15);
        Assert.Empty(pages.SelectMany(page => Found(page, File.ReadLines(Path.Combine(Repository.Root, page)))));
    }

    [Fact]
    public void No_comment_or_message_uses_a_word_that_was_replaced()
    {
        var files = Source
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
            .ToList();
        Assert.True(files.Count > 150);
        Assert.Empty(files.SelectMany(file => Found(file, TextsOf(File.ReadLines(Path.Combine(Repository.Root, file))))));
    }

    [Fact]
    public void Reads_comments_and_string_literals_and_no_code()
    {
        string[] code =
        [
            "/// <summary>Whoever calls.</summary>",
            "public bool Nobody => true; // nobody is here",
            "throw new Fault(\"nobody \\\" answers\", Nobody, $\"{Nobody} and somebody\");",
            "var address = \"https://deed.example\";",
            "var quote = '\"'; Bury(Nobody, '\"');",
            "Bury(Nobody);",
        ];
        Assert.Equal(
            ["f:1: Whoever", "f:2: nobody", "f:3: nobody", "f:3: somebody", "f:4: deed"],
            Found("f", TextsOf(code)).Select(fault => fault.Split(" (")[0])
        );
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

    /// <summary>What each line says to people: its comment and its string literals, without the values that a literal interpolates.</summary>
    private static IEnumerable<string> TextsOf(IEnumerable<string> lines) =>
        lines.Select(line => string.Join(' ', Texts().Matches(line).Select(match => Interpolated().Replace(match.Value, ""))));

    private static IEnumerable<string> Found(string page, IEnumerable<string> lines) =>
        lines.SelectMany(
            (line, index) =>
                Replaced()
                    .Matches(line)
                    .Select(match =>
                        $"{page}:{index + 1}: {match.Value} (name the actor: caller, client, operator, owner, …; an event, not a deed; deleted, not buried)"
                    )
        );

    /// <summary>A character literal is matched, so that a quote in one starts no string.</summary>
    [GeneratedRegex("""//.*|"([^"\\]|\\.)*"|'(\\.|[^'\\])'""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Texts();

    [GeneratedRegex(@"\{[^{}]*\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Interpolated();

    [GeneratedRegex(
        @"\b(whoever|whosoever|nobody|somebody|anybody|everybody|deeds?|bury|buries|buried)\b",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Replaced();
}
