namespace Tokenry.Server.Platform.Settings;

/// <summary>How long people stay signed in. Keys: <c>docs/configuration.md</c>.</summary>
public sealed record SessionOptions
{
    internal static readonly string[] Keys = ["IdleMinutes", "LifetimeHours"];

    private const int MostMinutes = 43_200;
    private const int MostHours = 720;

    /// <summary>A session ends if it is not used for this time.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromHours(8);

    /// <summary>A session ends this long after sign-in, however much it is used.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(24);

    internal static SessionOptions Read(IConfigurationSection section, List<string> faults)
    {
        var defaults = new SessionOptions();
        var idle = SettingValue.Number(section, "IdleMinutes", (1, MostMinutes), $"a number of minutes from 1 to {MostMinutes}", faults);
        var hours = SettingValue.Number(section, "LifetimeHours", (1, MostHours), $"a number of hours from 1 to {MostHours}", faults);
        return new SessionOptions
        {
            Idle = idle is { } minutes ? TimeSpan.FromMinutes(minutes) : defaults.Idle,
            Lifetime = hours is { } most ? TimeSpan.FromHours(most) : defaults.Lifetime,
        };
    }
}
