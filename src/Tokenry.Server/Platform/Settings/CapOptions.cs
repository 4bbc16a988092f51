using System.Globalization;

namespace Tokenry.Server.Platform.Settings;

/// <summary>
/// How many objects of each kind a principal may have (<c>Tokenry:Caps:…</c>). Existing objects above a cap keep working; the principal cannot create more.
/// </summary>
public sealed record CapOptions
{
    public static readonly string[] Keys = ["Caps:CredentialsPerApplication", "Caps:CredentialsPerUser", "Caps:ApplicationsPerOwner"];

    private const int Most = 100_000_000;

    /// <summary>Credentials of an application that are neither revoked nor expired.</summary>
    public int CredentialsPerApplication { get; init; } = 100_000;

    /// <summary>Credentials of a user that are neither revoked nor expired.</summary>
    public int CredentialsPerUser { get; init; } = 1000;

    /// <summary>Applications of a user that are not deleted.</summary>
    public int ApplicationsPerOwner { get; init; } = 10_000;

    public static CapOptions Read(IConfigurationSection section, List<string> faults)
    {
        var defaults = new CapOptions();
        return new()
        {
            CredentialsPerApplication = Number(nameof(CredentialsPerApplication), defaults.CredentialsPerApplication),
            CredentialsPerUser = Number(nameof(CredentialsPerUser), defaults.CredentialsPerUser),
            ApplicationsPerOwner = Number(nameof(ApplicationsPerOwner), defaults.ApplicationsPerOwner),
        };

        int Number(string key, int otherwise)
        {
            if (section[key] is not { } text)
            {
                return otherwise;
            }

            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= Most)
            {
                return number;
            }

            faults.Add($"Tokenry:Caps:{key} '{text}' is not a number from 1 to {Most}.");
            return otherwise;
        }
    }
}
