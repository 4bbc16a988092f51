using System.Globalization;

namespace Tokenry.Server.Platform.Console;

/// <summary>What the policies and settings allow a new credential of one kind; a form shows it before the click.</summary>
public sealed record CredentialLimits
{
    /// <summary>No limits.</summary>
    public static readonly CredentialLimits None = new();

    /// <summary>The longest life; <c>null</c> = any.</summary>
    public OwnedLimit<TimeSpan>? Longest { get; init; }

    /// <summary>The rule that it must expire; <c>null</c> = it need not.</summary>
    public RuleOwner? MustExpire { get; init; }

    /// <summary>The rule that forbids the kind; <c>null</c> = none does.</summary>
    public RuleOwner? Forbidden { get; init; }

    /// <summary>The networks from which it may work; <c>null</c> = from anywhere.</summary>
    public OwnedLimit<IReadOnlyList<string>>? Networks { get; init; }

    /// <summary>How many live ones a user has at most; <c>null</c> = any number.</summary>
    public OwnedLimit<int>? Most { get; init; }

    /// <summary>Whether it waits for an approval; <c>null</c> = it does not.</summary>
    public ApprovalLimit? Approval { get; init; }

    /// <summary>Whether it may live without an end.</summary>
    public bool MayLast => Longest is null && MustExpire is null;

    /// <summary>The longest life as a preset of a form: a number of days, or of seconds with an <c>s</c>; <c>null</c> = any.</summary>
    public string? LongestPreset =>
        Longest is not { } longest ? null
        : longest.Value.Ticks % TimeSpan.TicksPerDay == 0 ? longest.Value.Days.ToString(CultureInfo.InvariantCulture)
        : ((long)longest.Value.TotalSeconds).ToString(CultureInfo.InvariantCulture) + "s";

    /// <summary>The length of a preset; <c>null</c> = the preset is no length.</summary>
    public static TimeSpan? LengthOf(string? preset)
    {
        var isSeconds = preset?.EndsWith('s') == true;
        return
            long.TryParse(isSeconds ? preset.AsSpan(..^1) : preset, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number > 0
            && number <= (isSeconds ? 315_360_000 : 3650)
            ? isSeconds
                ? TimeSpan.FromSeconds(number)
                : TimeSpan.FromDays(number)
            : null;
    }
}

/// <summary>A rule that demands an approval.</summary>
/// <param name="Owner">Whose rule it is, and so whose administrators decide.</param>
/// <param name="IsOwn">Whether the person may approve it, so that it works at once.</param>
/// <param name="AtOnce">The role within which (its title, for <see cref="Texts.OrPlain"/>), and the days for which it is approved at once; <c>null</c> = never.</param>
public sealed record ApprovalLimit(RuleOwner Owner, bool IsOwn, (string Role, int Days)? AtOnce);

/// <summary>A limit and whose rule it is.</summary>
public sealed record OwnedLimit<T>(T Value, RuleOwner Owner);

/// <summary>Whose rule it is: an organization's, the server's policy, or the settings of the server.</summary>
/// <param name="Organization">The name of the organization; <c>null</c> = the server.</param>
/// <param name="IsSetting">Whether the configuration of the server says so, and not a policy.</param>
public sealed record RuleOwner(string? Organization, bool IsSetting = false)
{
    public string Words(Texts texts) => Organization ?? texts[IsSetting ? "limits.by_settings" : "limits.by_server"];
}
