namespace Tokenry.Server.Platform.Store;

/// <summary>The store is unavailable: the server answers 503 and a client may retry. Never answer "unknown" or "no" instead.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A unique constraint was violated; the operation reports which one in its own words.</summary>
public sealed class UniqueViolationException(Exception inner) : Exception("A unique constraint was violated.", inner);

/// <summary>The server stopped a list or survey at its deadline. The caller must ask for less.</summary>
public sealed class ListTooSlowException(TimeSpan deadline, Exception? inner) : Exception("A list was stopped at its deadline.", inner)
{
    /// <summary>The deadline of a list.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(4);

    /// <summary>The deadline of a survey (<see cref="Database.SurveyAsync"/>).</summary>
    public static readonly TimeSpan SurveyDeadline = TimeSpan.FromSeconds(60);

    /// <summary>The deadline that was exceeded.</summary>
    public TimeSpan After => deadline;
}

/// <summary>Too many lists run at once.</summary>
public sealed class ListsBusyException() : Exception("Too many lists are being read at once.");
