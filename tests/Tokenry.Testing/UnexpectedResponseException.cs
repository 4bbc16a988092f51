namespace Tokenry.Testing;

/// <summary>A response a test did not expect, with all that is needed to understand the failure without running it again.</summary>
public sealed class UnexpectedResponseException(string message) : Exception(message);
