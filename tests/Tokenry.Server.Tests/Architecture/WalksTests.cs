namespace Tokenry.Server.Tests.Architecture;

/// <summary>docs/walks.md: the files a request passes, short enough to read in one sitting.</summary>
public sealed class WalksTests
{
    private static readonly Dictionary<string, int> Longest = new()
    {
        ["Verify an API key"] = 8,
        ["client_credentials"] = 8,
        ["Create an API key"] = 8,
    };

    [Fact]
    public void Each_walk_is_as_short_as_promised()
    {
        var walks = Read();
        Assert.Equal(Longest.Keys.Order(), walks.Keys.Order());
        Assert.All(walks, walk => Assert.InRange(walk.Value.Count, 2, Longest[walk.Key]));
    }

    [Fact]
    public void Each_file_of_a_walk_is_there_and_is_named_by_one_before_it()
    {
        foreach (var (name, files) in Read())
        {
            var passed = "";
            foreach (var file in files)
            {
                var path = Path.Combine(Repository.Root, "src", file);
                Assert.True(File.Exists(path), $"{name}: {file} is gone");
                var types = TypesIn(path);
                Assert.True(
                    passed.Length == 0 || types.Any(type => Names(passed, type)),
                    $"{name}: nothing before {file} names {string.Join(" or ", types)}"
                );
                passed += File.ReadAllText(path);
            }
        }
    }

    private static Dictionary<string, List<string>> Read()
    {
        var walks = new Dictionary<string, List<string>>();
        List<string>? walk = null;
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "docs", "walks.md")))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                walks[line[3..]] = walk = [];
            }
            else if (line.Length > 0 && char.IsAsciiDigit(line[0]))
            {
                walk!.Add(line.Split('`')[1]);
            }
        }

        return walks;
    }

    /// <summary>The types of a file, and the interfaces of ours on the same line: code that runs a list of grants names the interface.</summary>
    private static List<string> TypesIn(string path)
    {
        var declarations = File.ReadLines(path)
            .Where(line => line.StartsWith("public ", StringComparison.Ordinal) || line.StartsWith("internal ", StringComparison.Ordinal))
            .Select(line => line.Split([" class ", " struct "], StringSplitOptions.None)[^1])
            .ToList();
        return
        [
            .. declarations.Select(declaration => declaration.Split('(', ' ', '<', ':', ';')[0]),
            .. declarations
                .Where(declaration => declaration.Contains(") : I", StringComparison.Ordinal))
                .Select(declaration => declaration.Split(") : ")[1]),
        ];
    }

    private static bool Names(string text, string type)
    {
        for (var at = text.IndexOf(type, StringComparison.Ordinal); at >= 0; at = text.IndexOf(type, at + 1, StringComparison.Ordinal))
        {
            var end = at + type.Length;
            if ((at == 0 || !char.IsLetterOrDigit(text[at - 1])) && (end == text.Length || !char.IsLetterOrDigit(text[end])))
            {
                return true;
            }
        }

        return false;
    }
}
