namespace Tokenry.Server.Platform.Settings;

/// <summary>How long the server keeps its records. Keys: <c>docs/configuration.md</c>.</summary>
public sealed record RetentionOptions
{
    internal static readonly string[] Keys = ["Audit:RetentionDays", "Audit:PersonalDataDays", "AccessLog:KeptDays"];

    /// <summary>How long audit events are kept; <c>null</c> = for ever.</summary>
    public TimeSpan? Audit { get; init; }

    /// <summary>How long audit events keep addresses and names in clear; <c>null</c> = as long as the events.</summary>
    public TimeSpan? PersonalData { get; init; }

    /// <summary>How long entries of the access log are kept.</summary>
    public TimeSpan AccessLog { get; init; } = TimeSpan.FromDays(30);

    internal static RetentionOptions Read(IConfigurationSection section, List<string> faults) =>
        new()
        {
            Audit = SettingValue.Days(section, "Audit:RetentionDays", faults),
            PersonalData = SettingValue.Days(section, "Audit:PersonalDataDays", faults),
            AccessLog = SettingValue.Days(section, "AccessLog:KeptDays", faults) ?? TimeSpan.FromDays(30),
        };
}
