namespace Tokenry.Server.Foundation.Storage;

/// <summary>The store cannot be asked now: the caller answers 503 and a client may try again. Never says "unknown" or "no".</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A unique constraint was in the way; the operation says in its own words of what.</summary>
public sealed class UniqueViolationException(Exception inner) : Exception("A unique constraint was violated.", inner);
