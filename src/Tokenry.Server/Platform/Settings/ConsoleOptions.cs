namespace Tokenry.Server.Platform.Settings;

/// <summary>The pages for people. Keys: <c>docs/configuration.md</c>.</summary>
public sealed record ConsoleOptions
{
    internal static readonly string[] Keys = ["Enabled"];

    /// <summary>Whether the server has pages; <c>false</c> removes every page and its cost.</summary>
    public required bool Enabled { get; init; }

    internal static ConsoleOptions Read(IConfigurationSection section, List<string> faults) =>
        new() { Enabled = section["Enabled"] is null || SettingValue.Flag(section, "Enabled", faults) };
}
