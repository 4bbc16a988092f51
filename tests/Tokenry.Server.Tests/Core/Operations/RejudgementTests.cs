using Tokenry.Server.Core.Doors;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Tests.Core.Operations;

/// <summary>Many changes of the catalog at once once ended in 503 on a server with little processor time: there was always one that committed first.</summary>
public sealed class RejudgementTests
{
    [Fact]
    public async Task After_three_attempts_a_mutation_runs_alone()
    {
        using var rejudgement = Make();
        var isAlone = new TaskCompletionSource();
        var mayEnd = new TaskCompletionSource();
        var attempts = 0;
        var unlucky = rejudgement.RunAsync(async () =>
        {
            if (++attempts <= 3)
                throw new PremiseChangedException(-1);
            isAlone.SetResult();
            await mayEnd.Task;
            return attempts;
        });
        await isAlone.Task;
        var other = rejudgement.RunAsync(() => Task.FromResult(attempts));
        Assert.False(other.IsCompleted);
        mayEnd.SetResult();
        Assert.Equal(4, await unlucky);
        Assert.Equal(4, await other);
    }

    [Fact]
    public async Task A_mutation_that_never_gets_through_does_not_hold_up_the_others()
    {
        using var rejudgement = Make();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => rejudgement.RunAsync<int>(() => throw new PremiseChangedException(-1)));
        Assert.Equal(1, await rejudgement.RunAsync(() => Task.FromResult(1)));
    }

    /// <summary>Of what the judge is made of, only the position of the changes is asked for.</summary>
    private static Rejudgement Make() => new(new CallerJudge(null!, null!, null!, new ChangeHub(), TimeProvider.System));
}
