namespace Tokenry.Server.Platform.Settings;

/// <summary>The command line holds a word that means nothing, or lacks one. Exit code 2.</summary>
public sealed class UsageException(string message) : Exception(message);
