namespace Tokenry.Server.Platform.Text;

/// <summary>Finds the known name that is closest to a mistyped one.</summary>
internal static class NearestName
{
    private const int Longest = 100;

    /// <summary>The closest of <paramref name="known"/>; <c>null</c> if more than a third of the letters differ from each.</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        if (name.Length > Longest)
        {
            return null; // too long for a known name, and the comparison takes time proportional to both lengths
        }

        var letters = Letters(name);
        var best = known
            .Select(candidate => (Name: candidate, Distance: Distance(letters, Letters(candidate))))
            .DefaultIfEmpty((Name: "", Distance: int.MaxValue))
            .MinBy(candidate => candidate.Distance);
        return best.Distance <= Math.Max(1, letters.Length / 3) ? best.Name : null;
    }

    /// <summary>Whether two names differ by at most two letters; case and punctuation are ignored.</summary>
    public static bool IsNear(string name, string known) => AreNear(Letters(name), Letters(known));

    /// <summary>The same for names that are already reduced to their <see cref="Letters"/>.</summary>
    public static bool AreNear(string letters, string known) =>
        Math.Abs(letters.Length - known.Length) <= 2 && Distance(letters, known) <= 2;

    public static string Letters(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();

    /// <summary>The number of letters that must be inserted, removed, replaced or swapped with their neighbour (optimal string alignment).</summary>
    private static int Distance(string one, string other)
    {
        var (before, above, row) = (new int[other.Length + 1], new int[other.Length + 1], new int[other.Length + 1]);
        for (var j = 0; j <= other.Length; j++)
        {
            above[j] = j;
        }

        for (var i = 1; i <= one.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var replaced = above[j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
                row[j] = Math.Min(replaced, Math.Min(above[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }
            }

            (before, above, row) = (above, row, before);
        }

        return above[^1];
    }
}
