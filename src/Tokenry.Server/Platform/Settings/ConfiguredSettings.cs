using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Memory;

namespace Tokenry.Server.Platform.Settings;

/// <summary>A setting as it is in effect.</summary>
/// <param name="Key">Its name in configuration files and arguments.</param>
/// <param name="Value">What is configured; <c>null</c> = nothing, or the value is secret.</param>
/// <param name="IsSecret">Whether a value is configured and is not shown.</param>
/// <param name="Origin">Where the value comes from: <see cref="SettingOrigin"/>.</param>
/// <param name="File">The configuration file, if it comes from one.</param>
/// <param name="Default">What holds without it, as the documentation says.</param>
public sealed record ConfiguredSetting(string Key, string? Value, bool IsSecret, string Origin, string? File, string Default);

/// <summary>Where the value of a setting comes from.</summary>
public static class SettingOrigin
{
    public const string Default = "default";
    public const string File = "file";
    public const string Environment = "environment";
    public const string Arguments = "arguments";
    public const string Other = "other";
}

/// <summary>Reads back what is configured and from where. It never returns a secret.</summary>
internal static class ConfiguredSettings
{
    private const string Urls = "urls";
    private const string ScannerKeys = "Tokenry:LeakReports:Keys";

    /// <summary>Every setting, in the order of the documentation of the sections.</summary>
    public static IReadOnlyList<ConfiguredSetting> Of(IConfiguration configuration)
    {
        var defaults = Defaults();
        // The framework keeps what the server set itself in memory, such as the default of urls.
        var providers = Flat(configuration).Where(provider => provider is not MemoryConfigurationProvider).ToList();
        return [.. KnownSettings.All.Prepend(Urls).Select(key => Of(configuration, providers, key, defaults.GetValueOrDefault(key, "")))];
    }

    /// <summary>Whether the value of a setting is a secret or has one in it.</summary>
    internal static bool IsSecret(string key) =>
        key == KnownSettings.Connection
        || (
            !key.EndsWith("File", StringComparison.OrdinalIgnoreCase)
            && (key.Contains("Password", StringComparison.OrdinalIgnoreCase) || key.Contains("Secret", StringComparison.OrdinalIgnoreCase))
        );

    /// <summary>The defaults of <c>docs/configuration.md</c>, which is in the assembly: what it says in words has no other place.</summary>
    internal static IReadOnlyDictionary<string, string> Defaults()
    {
        using var stream = typeof(ConfiguredSettings).Assembly.GetManifestResourceStream("configuration.md")!;
        using var reader = new StreamReader(stream);
        var defaults = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith("| `", StringComparison.Ordinal) && line.Split('|') is [_, var names, var text, ..])
            {
                var keys = names.Split('`').Where((_, place) => place % 2 == 1).Select(name => name.Split(":<")[0]).Where(IsKey).ToList();
                var values = Plain(text).Split(", ");
                for (var i = 0; i < keys.Count; i++)
                {
                    defaults[keys[i]] = values.Length == keys.Count ? values[i] : Plain(text);
                }
            }
        }

        return defaults;
    }

    private static ConfiguredSetting Of(
        IConfiguration configuration,
        IReadOnlyList<IConfigurationProvider> providers,
        string key,
        string byDefault
    )
    {
        var provider = providers.LastOrDefault(provider =>
            provider.TryGet(key, out var value) && value is not null || provider.GetChildKeys([], key).Any()
        );
        if (provider is null)
        {
            return new(key, null, IsSecret: false, SettingOrigin.Default, null, byDefault);
        }

        var (origin, file) = provider switch
        {
            FileConfigurationProvider source => (SettingOrigin.File, source.Source.Path),
            EnvironmentVariablesConfigurationProvider => (SettingOrigin.Environment, null),
            CommandLineConfigurationProvider => (SettingOrigin.Arguments, null),
            _ => (SettingOrigin.Other, null),
        };
        return IsSecret(key)
            ? new(key, null, IsSecret: true, origin, file, byDefault)
            : new(key, Shown(configuration.GetSection(key)), IsSecret: false, origin, file, byDefault);
    }

    /// <summary>The value, or the items of a list. Of the keys of scanners the names, and of an address no user and password.</summary>
    private static string Shown(IConfigurationSection section)
    {
        var children = section.GetChildren().ToList();
        var items =
            section.Path == ScannerKeys
                ? children.Select(child => child.Key)
                : children.Select(child => child.Value ?? "").Prepend(section.Value ?? "").Where(item => item.Length > 0);
        return string.Join(", ", items.Select(WithoutUser));
    }

    private static string WithoutUser(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var address) && address.UserInfo.Length > 0
            ? value.Replace(address.UserInfo + "@", "", StringComparison.Ordinal)
            : value;

    private static IEnumerable<IConfigurationProvider> Flat(IConfiguration configuration) =>
        configuration is IConfigurationRoot root
            ? root.Providers.SelectMany(provider =>
                provider is ChainedConfigurationProvider chained ? Flat(chained.Configuration) : [provider]
            )
            : [];

    private static bool IsKey(string name) =>
        name == Urls || name.StartsWith("Tokenry:", StringComparison.Ordinal) || name == KnownSettings.Connection;

    /// <summary>The words of a cell: without code marks, and of a link its text.</summary>
    private static string Plain(string markdown)
    {
        var text = markdown.Replace("`", "", StringComparison.Ordinal).Trim();
        for (var middle = text.IndexOf("](", StringComparison.Ordinal); middle >= 0; middle = text.IndexOf("](", StringComparison.Ordinal))
        {
            var (start, end) = (text.LastIndexOf('[', middle), text.IndexOf(')', middle));
            if (start < 0 || end < 0)
            {
                break;
            }

            text = text[..start] + text[(start + 1)..middle] + text[(end + 1)..];
        }

        return text;
    }
}
