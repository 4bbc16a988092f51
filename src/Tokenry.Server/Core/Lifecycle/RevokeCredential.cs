using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// Ends a credential for good and keeps its record, and what falls with it (<see cref="EndCredential"/>). Once more changes nothing and is no error.
/// </summary>
public sealed class RevokeCredential(Gate gate, CountDescendants count, Brands brands, TimeProvider time)
{
    /// <summary>In the answer to a revocation: how many credentials that it made live on.</summary>
    public const string DescendantsHeader = "Tokenry-Descendants";

    internal const int LongestReason = 200;

    /// <param name="caller">Who asks.</param>
    /// <param name="address">The credential.</param>
    /// <param name="reason">For its record and the audit.</param>
    /// <param name="descendants">What becomes of what it minted for the same owner: <c>revoke</c> or <c>keep</c>, which is meant where nothing is said.</param>
    /// <returns>How many credentials that it made live on (<see cref="CountDescendants"/>).</returns>
    public Task<string?> RunAsync(Caller caller, CredentialAddress address, string? reason, string? descendants) =>
        RunAsync(caller, address.Family.Write, address, reason, descendants);

    /// <summary>The calling credential itself, or of its principal, which needs no scope for it.</summary>
    /// <inheritdoc cref="RunAsync(Caller, CredentialAddress, string, string)"/>
    public Task<string?> RunOwnAsync(Caller caller, CredentialAddress address, string? reason, string? descendants = null) =>
        RunAsync(caller, demand: null, address, reason, descendants);

    private async Task<string?> RunAsync(Caller caller, Demand? demand, CredentialAddress address, string? reason, string? descendants)
    {
        var check = new Validation();
        var why = brands.Reason(check, reason, LongestReason);
        check.Require(descendants is null or "keep" or "revoke", "descendants", "must be revoke or keep");
        check.ThrowIfAny();
        var ending = new Ending(
            why,
            TakesDescendants: descendants == "revoke" || Ending.IsLeak(why),
            TakesSuccessors: !address.Family.IsSecret
        );
        await gate.WriteAsync(
            caller,
            demand,
            $"{address.Family.Noun}.revoked",
            async operation =>
            {
                var (tx, entry, _, reach, _) = operation;
                await EndCredential.RunAsync(tx, entry, () => address.FindAsync(tx, reach), ending, time.GetUtcNow());
                return true;
            }
        );
        return await count.RunAsync(caller.Principal.Id, address.Id);
    }
}
