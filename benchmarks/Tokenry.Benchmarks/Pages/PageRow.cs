namespace Tokenry.Benchmarks.Pages;

/// <summary>One page, asked for some times in turn after a few that do not count.</summary>
/// <param name="Path">Its address; ids are left out.</param>
/// <param name="Status">Of the answer; anything but 200 is a miss.</param>
/// <param name="P50">Milliseconds until the whole answer is there.</param>
/// <param name="P95">The same.</param>
/// <param name="Bytes">Of HTML.</param>
/// <param name="Compressed">Of HTML, as a proxy sends it.</param>
/// <param name="Assets">The files that a browser asks for at the first load.</param>
public sealed record PageRow(string Path, int Status, double P50, double P95, int Bytes, int Compressed, IReadOnlyList<string> Assets)
{
    public const double MostMilliseconds = 100;
    public const int MostBytes = 60 * 1024;
    public const int MostAssets = 3;

    public IEnumerable<string> Misses
    {
        get
        {
            if (Status != 200)
            {
                yield return $"answer {Status}";
            }

            if (P95 > MostMilliseconds)
            {
                yield return "time";
            }

            if (Bytes > MostBytes)
            {
                yield return "HTML";
            }

            if (Assets.Count > MostAssets)
            {
                yield return "requests";
            }
        }
    }
}

/// <summary>A file that pages ask for.</summary>
/// <param name="Path">Its address.</param>
/// <param name="Compressed">Bytes, as the server sends it to a browser.</param>
/// <param name="IsKept">Whether a browser may keep it for ever.</param>
public sealed record AssetRow(string Path, int Compressed, bool IsKept)
{
    /// <summary>Of styles and scripts together.</summary>
    public const int MostBytes = 150 * 1024;
}
