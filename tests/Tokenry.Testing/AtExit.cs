using System.Runtime.InteropServices;

namespace Tokenry.Testing;

/// <summary>
/// A test run may end without disposing anything (a failed fixture, a cancelled run). What is registered here is cleaned up when
/// the test process ends, newest first: servers before the databases they stand on. Since .NET 10 a termination signal no longer
/// raises <see cref="AppDomain.ProcessExit"/> by itself, so those are listened to as well; SIGINT belongs to the test runner, which
/// ends in good order. Only SIGKILL leaves something behind.
/// </summary>
internal static class AtExit
{
    private static readonly Lock Gate = new();
    private static readonly List<Action> Actions = [];
    private static readonly PosixSignalRegistration[] Signals =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => RunAll()),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, _ => RunAll()),
    ];

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
        {
            actions = [.. Actions];
            Actions.Clear();
        }
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
