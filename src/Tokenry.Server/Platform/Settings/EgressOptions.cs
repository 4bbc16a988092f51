using System.Net;

namespace Tokenry.Server.Platform.Settings;

/// <summary>Where the server may connect to. Keys: <c>docs/configuration.md</c>.</summary>
public sealed record EgressOptions
{
    internal static readonly string[] Keys = ["Enabled", "AllowedNetworks"];
    internal static readonly string[] Lists = ["AllowedNetworks"];

    /// <summary>Whether the server fetches the keys of other issuers; if not, it makes no connection for a caller.</summary>
    public bool Enabled { get; init; }

    /// <summary>Networks, besides the public internet, from which the server may fetch keys.</summary>
    public IReadOnlyList<IPNetwork> AllowedNetworks { get; init; } = [];

    internal static EgressOptions Read(IConfigurationSection section, List<string> faults) =>
        new()
        {
            Enabled = SettingValue.Flag(section, "Enabled", faults),
            AllowedNetworks = SettingValue.Networks(section, "AllowedNetworks", faults),
        };
}
