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

    /// <summary>How long the caches of a replica may take to learn of the other change.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim turn = new(1);

    /// <param name="attempt">Judges the caller and runs the mutation.</param>
    /// <exception cref="StoreUnavailableException">The premise changed at each attempt.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> attempt)
    {
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

    /// <summary>Repeated mutations run one at a time: many that change the catalog would otherwise interrupt each other again and again.</summary>
    private async Task<T> InTurnAsync<T>(PremiseChangedException changed, Func<Task<T>> attempt)
    {
        var hasTurn = await turn.WaitAsync(Patience);
        try
        {
            for (var attempts = 2; ; attempts++)
            {
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
                    throw new StoreUnavailableException("The rights that the operation rests on do not stop changing.", again);
                }
            }
        }
        finally
        {
            if (hasTurn)
            {
                turn.Release();
            }
        }
    }
}
