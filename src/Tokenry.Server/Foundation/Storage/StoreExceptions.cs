namespace Tokenry.Server.Foundation.Storage;

/// <summary>The store cannot be asked now: the caller answers 503 and a client may try again. Never says "unknown" or "no".</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A unique constraint was in the way; the operation says in its own words of what.</summary>
public sealed class UniqueViolationException(Exception inner) : Exception("A unique constraint was violated.", inner);

/// <summary>A list was stopped at its deadline. The caller must ask for less.</summary>
public sealed class ListTooSlowException(Exception inner) : Exception("A list was stopped at its deadline.", inner)
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(4);
}

/// <summary>Too many lists are being read at once.</summary>
public sealed class ListsBusyException() : Exception("Too many lists are being read at once.");
