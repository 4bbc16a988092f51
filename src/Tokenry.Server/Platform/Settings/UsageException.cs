namespace Tokenry.Server.Platform.Settings;

/// <summary>The command line contains an unknown word, or lacks a word. Exit code 2.</summary>
public sealed class UsageException(string message) : Exception(message);
