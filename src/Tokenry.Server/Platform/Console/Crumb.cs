namespace Tokenry.Server.Platform.Console;

/// <summary>A page above the shown one.</summary>
/// <param name="Text">The key of its title, or the title itself if no text has that key.</param>
/// <param name="Address">The address below the base.</param>
public sealed record Crumb(string Text, string Address);
