using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Settings;

/// <summary>How long signing keys live. Keys: <c>docs/configuration.md</c>.</summary>
public sealed record SigningKeyOptions
{
    public static readonly string[] Keys =
    [
        "SigningKeys:RotateEvery",
        "SigningKeys:PublishAhead",
        "SigningKeys:JwksMaxAge",
        "SigningKeys:RetiredKept",
    ];

    /// <summary>The longest lifetime that an API resource may set for its access tokens.</summary>
    private static readonly TimeSpan LongestAccessToken = TimeSpan.FromHours(1);

    /// <summary>The largest clock difference between issuer and verifiers.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <summary>How long a key signs before the next one does; <c>null</c> = until an administrator rotates it by hand.</summary>
    public TimeSpan? RotateEvery { get; init; } = TimeSpan.FromDays(90);

    /// <summary>How long verifiers may keep the JWK set.</summary>
    public TimeSpan JwksMaxAge { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a key is in the JWK set before it signs: twice the time that verifiers may keep the set, for a verifier whose first fetch failed.
    /// </summary>
    public TimeSpan PublishAhead { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a key stays in the JWK set after its last signature.</summary>
    public TimeSpan RetiredKept { get; init; } = LongestAccessToken + TimeSpan.FromMinutes(5) + Skew;

    public static SigningKeyOptions Read(IConfigurationSection section, List<string> faults)
    {
        var rotateEvery = Duration(section, "RotateEvery", faults, orZero: true);
        var maxAge = Duration(section, "JwksMaxAge", faults) ?? TimeSpan.FromMinutes(5);
        var ahead = Duration(section, "PublishAhead", faults) ?? 2 * maxAge;
        var kept = Duration(section, "RetiredKept", faults) ?? LongestAccessToken + maxAge + Skew;
        var every = rotateEvery ?? TimeSpan.FromDays(90);
        if (ahead < 2 * maxAge)
        {
            faults.Add(
                $"Tokenry:SigningKeys:PublishAhead {DurationText.Write(ahead)} is less than twice JwksMaxAge {DurationText.Write(maxAge)}: "
                    + "a key would sign before verifiers know it."
            );
        }

        if (every > TimeSpan.Zero && every <= ahead)
        {
            faults.Add(
                $"Tokenry:SigningKeys:RotateEvery {DurationText.Write(every)} is not longer than PublishAhead {DurationText.Write(ahead)}."
            );
        }

        if (kept < maxAge)
        {
            faults.Add(
                $"Tokenry:SigningKeys:RetiredKept {DurationText.Write(kept)} is shorter than JwksMaxAge {DurationText.Write(maxAge)}."
            );
        }

        return new SigningKeyOptions
        {
            RotateEvery = every > TimeSpan.Zero ? every : null,
            JwksMaxAge = maxAge,
            PublishAhead = ahead,
            RetiredKept = kept,
        };
    }

    private static TimeSpan? Duration(IConfigurationSection section, string key, List<string> faults, bool orZero = false)
    {
        if (section[key] is not { } text)
        {
            return null;
        }

        if (orZero && text == "0")
        {
            return TimeSpan.Zero;
        }

        if (DurationText.TryParse(text, out var duration) && duration <= Longest)
        {
            return duration;
        }

        faults.Add($"Tokenry:SigningKeys:{key} '{text}' is not a span such as 20s, 10m, 24h or 90d{(orZero ? ", nor 0" : "")}.");
        return null;
    }
}
