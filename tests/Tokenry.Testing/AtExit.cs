namespace Tokenry.Testing;

/// <summary>
/// A test run may end without disposing anything (a failed fixture, a cancelled run). What is registered here is cleaned up when
/// the test process ends, newest first: servers before the databases they stand on.
/// </summary>
internal static class AtExit
{
    private static readonly Lock Gate = new();
    private static readonly List<Action> Actions = [];

    static AtExit() => AppDomain.CurrentDomain.ProcessExit += (_, _) => RunAll();

    public static void Add(Action action)
    {
        lock (Gate)
            Actions.Add(action);
    }

    public static void Remove(Action action)
    {
        lock (Gate)
            Actions.Remove(action);
    }

    private static void RunAll()
    {
        Action[] actions;
        lock (Gate)
            actions = [.. Actions];
        foreach (var action in actions.Reverse())
        {
            try
            {
                action();
            }
            catch (Exception exception)
            {
                Console.Error.WriteLine($"clean-up at exit: {exception.Message}");
            }
        }
    }
}
