namespace Tokenry.Testing;

/// <summary>What code costs, on a machine that has other things to do as well.</summary>
public static class ProcessorTime
{
    /// <summary>Of the processor, by this thread alone: waiting for neighbours does not count.</summary>
    public static TimeSpan Of(Action action)
    {
        var before = Posix.ThreadTime();
        action();
        return Posix.ThreadTime() - before;
    }

    /// <summary>What a process of this user has spent since it began.</summary>
    public static TimeSpan Of(int process) => Posix.ProcessTime(process);
}
