using System.Globalization;
using System.Net;

namespace Tokenry.Server.Platform.Settings;

/// <summary>Reads one value of a section. An invalid value adds a fault with the full name of the setting.</summary>
internal static class SettingValue
{
    private const int MostDays = 36500;

    /// <summary>A number in a range; <c>null</c> if the setting is absent or has a fault.</summary>
    /// <param name="section">The section.</param>
    /// <param name="key">The name below the section.</param>
    /// <param name="range">The smallest and the largest number.</param>
    /// <param name="expected">Completes "… is not": such as <c>a number from 1 to 5</c>.</param>
    /// <param name="faults">The list for faults.</param>
    public static int? Number(IConfigurationSection section, string key, (int Least, int Most) range, string expected, List<string> faults)
    {
        if (section[key] is not { } text)
        {
            return null;
        }

        if (
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= range.Least
            && number <= range.Most
        )
        {
            return number;
        }

        faults.Add($"{section.Path}:{key} '{text}' is not {expected}.");
        return null;
    }

    /// <summary>A number of days; <c>null</c> if the setting is absent or has a fault.</summary>
    public static TimeSpan? Days(IConfigurationSection section, string key, List<string> faults) =>
        Number(section, key, (1, MostDays), $"a number of days from 1 to {MostDays}", faults) is { } days ? TimeSpan.FromDays(days) : null;

    /// <summary><c>true</c> or <c>false</c>; <c>false</c> if the setting is absent.</summary>
    public static bool Flag(IConfigurationSection section, string key, List<string> faults)
    {
        var value = false;
        if (section[key] is { } text && !bool.TryParse(text, out value))
        {
            faults.Add($"{section.Path}:{key} '{text}' is neither true nor false.");
        }

        return value;
    }

    /// <summary>A list: an array or, in the environment, one text with commas or spaces between the items.</summary>
    public static List<string> List(IConfigurationSection section, string key)
    {
        var children = section.GetSection(key).GetChildren().Select(child => child.Value ?? "");
        var text = section[key]?.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        return [.. children.Concat(text)];
    }

    /// <summary>A list of addresses and CIDR ranges.</summary>
    public static List<IPNetwork> Networks(IConfigurationSection section, string key, List<string> faults)
    {
        var networks = new List<IPNetwork>();
        foreach (var text in List(section, key))
        {
            if (TokenryOptions.TryParseNetwork(text, out var network))
            {
                networks.Add(network);
            }
            else
            {
                faults.Add($"{section.Path}:{key} '{text}' is not an address or a CIDR range such as 10.0.0.0/8.");
            }
        }

        return networks;
    }
}
