using Dapper;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Operations;

/// <summary>
/// Answers <c>?dry_run=true</c> and checks <c>Tokenry-Expect-Gains</c>: runs a mutation, rolls it back, and counts the credentials that would gain or lose
/// rights.
/// </summary>
public sealed class GainsCheck(Database database, RightsEffects effects)
{
    /// <param name="preview">What the request demands about its effect.</param>
    /// <param name="principal">The caller's principal.</param>
    /// <param name="mutation">The mutation.</param>
    /// <returns>The premise that the mutation shares with the count.</returns>
    /// <exception cref="DryRunAnswer">The request asks only for the effect.</exception>
    /// <exception cref="ProblemException">409: the number of gains is not the expected one.</exception>
    public async Task<Premise> RequireAsync<T>(RightsPreview preview, string principal, Func<WriteTransaction, Task<T>> mutation)
    {
        var (effect, premise) = await TryOutAsync(principal, mutation);
        Compare(preview, effect);
        return premise;
    }

    /// <summary>
    /// For a mutation that makes something new: no principal holds it yet, so no credential gains rights. It runs only for a dry run, because a repeated
    /// request may have made it already.
    /// </summary>
    /// <inheritdoc cref="RequireAsync"/>
    public async Task RequireOfNewAsync<T>(RightsPreview preview, string principal, Func<WriteTransaction, Task<T>> mutation) =>
        Compare(preview, preview.IsDryRun ? (await TryOutAsync(principal, mutation)).Effect : RightsEffects.None);

    private async Task<(RightsEffect Effect, Premise Premise)> TryOutAsync<T>(string principal, Func<WriteTransaction, Task<T>> mutation)
    {
        // Read before the transaction: inside, the mutation's own changes would count.
        var asOf = await database.ReadAsync(connection => connection.QuerySingleAsync<long>(Change.SelectNewest));
        try
        {
            await database.WriteAsync<T>(async tx =>
            {
                await mutation(tx);
                throw new TriedOutException(await RightsChange.ReadAsync(tx));
            });
        }
        catch (TriedOutException tried)
        {
            return await effects.CountAsync(tried.Change, principal, asOf);
        }

        throw new InvalidOperationException("A mutation that was only to be tried out was made.");
    }

    private static void Compare(RightsPreview preview, RightsEffect effect)
    {
        if (preview.IsDryRun)
        {
            throw new DryRunAnswer(effect);
        }

        if (effect.Gains.Count != preview.ExpectedGains)
        {
            throw new ProblemException(
                409,
                ProblemCode.GainsDiffer,
                $"{RightsPreview.ExpectGains} says {preview.ExpectedGains}, and there would be {effect.Gains.Count}. Nothing was changed. Look at gains, and "
                    + "send the number they have if they are meant."
            )
            {
                Effect = effect,
            };
        }
    }
}
