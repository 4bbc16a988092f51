using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// Revokes a credential permanently, keeps its record, and revokes those that end with it (<see cref="EndCredential"/>). A repeated call changes nothing and
/// is not an error.
/// </summary>
public sealed class RevokeCredential(Gate gate, CountDescendants count, Brands brands, TimeProvider time)
{
    /// <summary>The header in the answer to a revocation: how many credentials that it made are still live.</summary>
    public const string DescendantsHeader = "Tokenry-Descendants";

    internal const int LongestReason = 200;

    /// <param name="caller">The caller.</param>
    /// <param name="address">The credential.</param>
    /// <param name="reason">For its record and the audit.</param>
    /// <param name="descendants">Whether the credentials it minted for the same owner end: <c>revoke</c> or <c>keep</c> (the default).</param>
    /// <returns>How many credentials that it made are still live (<see cref="CountDescendants"/>).</returns>
    public Task<string?> RunAsync(Caller caller, CredentialAddress address, string? reason, string? descendants) =>
        RunAsync(
            caller,
            descendants == "revoke" ? address.Family.Write : address.Family.WriteOnlyThese, // they may be of other kinds
            address,
            reason,
            descendants
        );

    /// <summary>Revokes the calling credential itself, or one of the caller's principal; this needs no scope.</summary>
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
