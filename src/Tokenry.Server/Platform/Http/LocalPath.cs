namespace Tokenry.Server.Platform.Http;

/// <summary>
/// A page of this server that a request names as the next one. Browsers read <c>//host</c>, <c>/\host</c> and a path with a tab in it as another site, so these
/// are refused.
/// </summary>
public static class LocalPath
{
    private const int Longest = 2000;

    /// <summary>The path, with its query; or the other one if it leads elsewhere.</summary>
    public static string Or(string? text, string otherwise) => IsLocal(text) ? text! : otherwise;

    public static bool IsLocal(string? text) =>
        text is ['/', ..]
        && text.Length <= Longest
        && !text.StartsWith("//", StringComparison.Ordinal)
        && !text.AsSpan().ContainsAnyExceptInRange('!', '~')
        && !text.Contains('\\', StringComparison.Ordinal);
}
