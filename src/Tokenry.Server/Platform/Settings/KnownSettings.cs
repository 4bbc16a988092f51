using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Settings;

/// <summary>
/// All settings (<see cref="TokenryOptions.KnownKeys"/>), and the fault for an unknown one. A mistyped setting must be reported: with
/// <c>ConnectionString__Tokenry</c> the server would otherwise start on an empty SQLite store.
/// </summary>
internal static class KnownSettings
{
    public const string Connection = "ConnectionStrings:Tokenry";
    private const string Section = "Tokenry:";
    private const string Connections = "ConnectionStrings:";

    /// <summary>The settings by the names in configuration files and arguments.</summary>
    public static IReadOnlyList<string> All { get; } = [.. TokenryOptions.KnownKeys.Select(key => Section + key), Connection];

    /// <summary>
    /// The known names in reduced form, computed once: a process has about a hundred environment variables, and each is compared with all of them at every
    /// start.
    /// </summary>
    private static readonly (string Name, string Letters)[] Reduced = [.. All.Select(name => (name, NearestName.Letters(name)))];

    /// <summary>Adds a fault for each key that has no effect but looks like a setting.</summary>
    public static void Check(IConfiguration configuration, List<string> faults)
    {
        var isConnectionSet = configuration[Connection] is not null;
        foreach (var (key, value) in configuration.AsEnumerable())
        {
            if (value is null)
            {
                continue;
            }

            if (key.StartsWith(Section, StringComparison.OrdinalIgnoreCase))
            {
                var name = key[Section.Length..];
                if (!TokenryOptions.IsKnown(name))
                {
                    faults.Add($"{Section}{name} is not a setting. {Suggestion(key)}");
                }
            }
            else if (key.StartsWith(Connections, StringComparison.OrdinalIgnoreCase))
            {
                if (!isConnectionSet)
                {
                    faults.Add($"{key} is not a setting. Did you mean {Connection}?");
                }
            }
            else if (NearestTo(key) is { } near)
            {
                faults.Add(
                    $"{key} is not a setting. Did you mean {near} (in the environment {near.Replace(":", "__", StringComparison.Ordinal)})?"
                );
            }
        }
    }

    private static string? NearestTo(string key)
    {
        var letters = NearestName.Letters(key);
        return Array.Find(Reduced, known => NearestName.AreNear(letters, known.Letters)).Name;
    }

    private static string Suggestion(string key) =>
        CommandLine.IsWordForAddress(key[(key.LastIndexOf(':') + 1)..])
            ? $"The address is --urls {TokenryOptions.DefaultUrl} (in the environment ASPNETCORE_URLS)."
        : NearestName.Of(key, All) is { } near ? $"Did you mean {near}?"
        // A shortened name, such as DataDir.
        : NearestName.Letters(key) is { Length: > 9 } letters
        && Array.Find(Reduced, known => known.Letters.StartsWith(letters, StringComparison.Ordinal)).Name is { } longer
            ? $"Did you mean {longer}?"
        : $"Known: {string.Join(", ", TokenryOptions.KnownKeys)}.";
}
