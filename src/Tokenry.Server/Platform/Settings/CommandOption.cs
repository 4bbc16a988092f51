namespace Tokenry.Server.Platform.Settings;

/// <summary>An option of a verb.</summary>
/// <param name="Name">The name without its hyphens.</param>
/// <param name="Summary">What it does, for the help text.</param>
/// <param name="Value">What the help text calls its value; <c>null</c> = the option takes none.</param>
public sealed record CommandOption(string Name, string Summary, string? Value = null);
