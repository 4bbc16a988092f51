namespace Tokenry.Server.Platform.Settings;

/// <summary>Reads a setting that names a file or a directory; a relative path starts at the current directory.</summary>
internal static class PathSetting
{
    /// <param name="section">The settings below <c>Tokenry:</c>.</param>
    /// <param name="key">The name of the setting.</param>
    /// <param name="fallback">The path if the setting is absent.</param>
    /// <param name="faults">The list for faults. An empty path is a fault: usually a script's variable was not set.</param>
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
