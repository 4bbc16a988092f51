namespace Tokenry.Server.Platform.Console;

/// <summary>Reads the line above every page of a person; <c>null</c> = there is none. A feature registers it.</summary>
public delegate Task<Banner?> ReadBanner(Viewer viewer);

/// <summary>One line above a page: what needs the person's attention, and the page that shows it.</summary>
/// <param name="Text">The key of its text, which counts.</param>
/// <param name="Count">How many.</param>
/// <param name="Address">The page, below the base, without a slash at the start.</param>
public sealed record Banner(string Text, long Count, string Address);
