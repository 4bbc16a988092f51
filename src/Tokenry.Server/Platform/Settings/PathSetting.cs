namespace Tokenry.Server.Platform.Settings;

/// <summary>A setting that names a file or a directory, taken from the current folder.</summary>
internal static class PathSetting
{
    /// <param name="section">The settings below <c>Tokenry:</c>.</param>
    /// <param name="key">Which.</param>
    /// <param name="fallback">Where it is not set.</param>
    /// <param name="faults">Where an empty one goes: it is a mistake of a script, whose variable was not set.</param>
    public static string Read(IConfigurationSection section, string key, string fallback, List<string> faults)
    {
        var path = section[key] ?? fallback;
        if (!string.IsNullOrWhiteSpace(path) && !path.Contains('\0', StringComparison.Ordinal))
        {
            return Path.GetFullPath(path);
        }

        faults.Add($"Tokenry:{key} is empty or no path. Name one, or leave the setting out for {fallback}.");
        return Path.GetFullPath(fallback);
    }
}
