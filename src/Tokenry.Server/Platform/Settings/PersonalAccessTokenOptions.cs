namespace Tokenry.Server.Platform.Settings;

/// <summary>How long personal access tokens live. Keys: <c>docs/configuration.md</c>.</summary>
public sealed record PersonalAccessTokenOptions
{
    internal static readonly string[] Keys = ["DefaultLifetimeDays", "MaxLifetimeDays"];

    /// <summary>The lifetime of a token whose owner sets none; at most <see cref="MaxLifetime"/>.</summary>
    public required TimeSpan Lifetime { get; init; }

    /// <summary>The longest lifetime; <c>null</c> = no limit, tokens may also never expire.</summary>
    public required TimeSpan? MaxLifetime { get; init; }

    internal static PersonalAccessTokenOptions Read(IConfigurationSection section, List<string> faults)
    {
        var lifetime = SettingValue.Days(section, "DefaultLifetimeDays", faults) ?? TimeSpan.FromDays(90);
        var longest = SettingValue.Days(section, "MaxLifetimeDays", faults);
        return new() { Lifetime = longest < lifetime ? longest.Value : lifetime, MaxLifetime = longest };
    }
}
