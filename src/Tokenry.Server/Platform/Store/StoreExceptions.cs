namespace Tokenry.Server.Platform.Store;

/// <summary>The store cannot be asked now: the caller answers 503 and a client may try again. Never says "unknown" or "no".</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A unique constraint was in the way; the operation says in its own words of what.</summary>
public sealed class UniqueViolationException(Exception inner) : Exception("A unique constraint was violated.", inner);

/// <summary>A list or survey was stopped at its deadline. The caller must ask for less.</summary>
public sealed class ListTooSlowException(TimeSpan deadline, Exception? inner) : Exception("A list was stopped at its deadline.", inner)
{
    /// <summary>Of a list.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(4);

    /// <summary>Of a survey (<see cref="Database.SurveyAsync"/>).</summary>
    public static readonly TimeSpan SurveyDeadline = TimeSpan.FromSeconds(60);

    /// <summary>The deadline that it had.</summary>
    public TimeSpan After => deadline;
}

/// <summary>Too many lists are being read at once.</summary>
public sealed class ListsBusyException() : Exception("Too many lists are being read at once.");
