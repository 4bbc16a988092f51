using Tokenry.Server.Core.Doors;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Operations;

/// <summary>
/// Repeats a mutation whose premise changed before its commit (<see cref="PremiseChangedException"/>). Each attempt judges the caller anew
/// (docs/decisions/0060-judged-in-the-transaction.md).
/// </summary>
public sealed class Rejudgement(CallerJudge judge) : IDisposable
{
    /// <summary>Each attempt beyond the first means that another change was committed in between.</summary>
    private const int MostAttempts = 50;

    /// <summary>After this many attempts the mutation runs alone.</summary>
    private const int AttemptsInCompany = 3;

    /// <summary>How long the caches of a replica may take to learn of the other change.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>How long a mutation waits for its turn. One turn takes milliseconds, so only a server that gets almost no processor time makes it wait that long.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim turn = new(1);

    /// <summary>Completes when the mutation that runs alone has ended.</summary>
    private volatile Task alone = Task.CompletedTask;

    /// <param name="attempt">Judges the caller and runs the mutation.</param>
    /// <exception cref="StoreUnavailableException">The premise changed at each attempt.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> attempt)
    {
        await alone;
        try
        {
            return await attempt();
        }
        catch (PremiseChangedException changed)
        {
            return await InTurnAsync(changed, attempt);
        }
    }

    public void Dispose() => turn.Dispose();

    /// <summary>
    /// Repeated mutations run one at a time: many that change the catalog would otherwise interrupt each other again and again. New ones still run beside
    /// them, and on a server with little processor time there is always one that commits first. So after a few attempts new mutations wait.
    /// </summary>
    private async Task<T> InTurnAsync<T>(PremiseChangedException changed, Func<Task<T>> attempt)
    {
        if (!await turn.WaitAsync(LongestWait))
        {
            throw NoEnd(changed);
        }

        TaskCompletionSource? ended = null;
        try
        {
            for (var attempts = 2; ; attempts++)
            {
                if (attempts == AttemptsInCompany + 1)
                {
                    ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
                    alone = ended.Task;
                }

                await judge.CatchUpAsync(changed.Position, Patience);
                try
                {
                    return await attempt();
                }
                catch (PremiseChangedException again) when (attempts < MostAttempts)
                {
                    changed = again;
                }
                catch (PremiseChangedException again)
                {
                    throw NoEnd(again);
                }
            }
        }
        finally
        {
            ended?.SetResult();
            turn.Release();
        }
    }

    private static StoreUnavailableException NoEnd(PremiseChangedException last) =>
        new("The rights that the operation rests on do not stop changing.", last);
}
