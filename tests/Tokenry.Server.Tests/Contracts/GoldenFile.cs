namespace Tokenry.Server.Tests.Contracts;

/// <summary>
/// A committed text that says what the server promises. A change of the promise is a diff a reviewer reads;
/// TOKENRY_UPDATE_GOLDEN=1 rewrites the files from what the server does now.
/// </summary>
internal static class GoldenFile
{
    private const int ShownDifferences = 40;

    public static string[] Lines(string name) => File.ReadAllLines(PathOf(name));

    public static async Task CompareAsync(string name, string actual)
    {
        var path = PathOf(name);
        actual = actual.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable("TOKENRY_UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(path, actual);
            return;
        }

        var expected = File.Exists(path) ? (await File.ReadAllTextAsync(path)).ReplaceLineEndings("\n") : "";
        if (expected != actual)
        {
            Assert.Fail(
                $"""
                The server no longer does what tests/Tokenry.Server.Tests/Contracts/{name} says (- the file, + the server):
                {Difference(expected.Split('\n'), actual.Split('\n'))}
                If that is meant, run the test with TOKENRY_UPDATE_GOLDEN=1 and commit the file: its diff is what a reviewer looks at.
                """
            );
        }
    }

    private static string PathOf(string name) => Path.Combine(Repository.Root, "tests", "Tokenry.Server.Tests", "Contracts", name);

    /// <summary>Line by line, over the longest common subsequence.</summary>
    private static string Difference(string[] expected, string[] actual)
    {
        var start = 0;
        while (start < expected.Length && start < actual.Length && expected[start] == actual[start])
        {
            start++;
        }

        var (oldEnd, newEnd) = (expected.Length, actual.Length);
        while (oldEnd > start && newEnd > start && expected[oldEnd - 1] == actual[newEnd - 1])
        {
            (oldEnd, newEnd) = (oldEnd - 1, newEnd - 1);
        }

        var (before, after) = (expected[start..oldEnd], actual[start..newEnd]);
        var removed = before.Except(after).Select(line => "- " + line).ToList();
        var added = after.Except(before).Select(line => "+ " + line).ToList();
        var lines = removed.Concat(added).ToList();
        if (lines.Count == 0)
        {
            return $"the same lines in another order, from line {start + 1} on";
        }

        var rest = lines.Count - ShownDifferences;
        return $"from line {start + 1} on\n" + string.Join('\n', lines.Take(ShownDifferences)) + (rest > 0 ? $"\n… and {rest} more" : "");
    }
}
