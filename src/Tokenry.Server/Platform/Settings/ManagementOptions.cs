namespace Tokenry.Server.Platform.Settings;

/// <summary>The requirements of Tokenry's own API for its callers. Keys: <c>docs/configuration.md</c>.</summary>
public sealed record ManagementOptions
{
    internal static readonly string[] Keys = ["Management:RequestsPerMinute", "Rights:ExpectGains"];

    private const int DefaultRequests = 6000;
    private const int MostRequests = 600_000_000;

    /// <summary>Requests a minute per credential; 0 = no limit.</summary>
    public int RequestsPerMinute { get; init; } = DefaultRequests;

    /// <summary>Whether a change of rights must state how many credentials gain rights (<c>Tokenry-Expect-Gains</c>).</summary>
    public bool ExpectGains { get; init; }

    internal static ManagementOptions Read(IConfigurationSection section, List<string> faults) =>
        new()
        {
            RequestsPerMinute =
                SettingValue.Number(
                    section,
                    "Management:RequestsPerMinute",
                    (0, MostRequests),
                    $"a number of requests from 1 to {MostRequests}, or 0 for no limit",
                    faults
                ) ?? DefaultRequests,
            ExpectGains = SettingValue.Flag(section, "Rights:ExpectGains", faults),
        };
}
