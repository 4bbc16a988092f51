namespace Tokenry.Server.Platform.Console;

/// <summary>A line of the rail. A feature registers one for each of its lists.</summary>
/// <param name="Section">One of <see cref="NavigationSection"/>.</param>
/// <param name="Order">Its place in the section.</param>
/// <param name="Text">The key of its text.</param>
/// <param name="Address">The address below the base, without a slash at the start.</param>
/// <param name="Icon">The name of its icon in the sprite.</param>
public sealed record NavigationEntry(string Section, int Order, string Text, string Address, string Icon)
{
    /// <summary>Scopes of which the viewer needs one to see the line.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Whether the viewer needs all of <see cref="Scopes"/>.</summary>
    public bool NeedsAll { get; init; }

    /// <summary>Whether only a viewer who acts in an organization sees the line.</summary>
    public bool OnlyInOrganization { get; init; }

    /// <summary>Whether that person sees the line.</summary>
    public bool IsFor(Viewer viewer) =>
        (NeedsAll ? Scopes.All(viewer.Scopes.Contains) : viewer.MayAnyOf(Scopes))
        && (!OnlyInOrganization || viewer.Organization is not null);

    /// <summary>Whether the page at this address belongs to the entry.</summary>
    public bool Holds(string address) => address == Address || address.StartsWith(Address + "/", StringComparison.Ordinal);
}

/// <summary>The sections of the rail, in their order. The key of a section's text is <c>nav.</c> and its name.</summary>
public static class NavigationSection
{
    public const string You = "you";
    public const string Server = "server";
    public const string Watch = "watch";
    public const string Run = "run";

    public static readonly IReadOnlyList<string> All = [You, Server, Watch, Run];
}
