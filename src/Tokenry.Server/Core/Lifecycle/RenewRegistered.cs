using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// Rotates a credential that the server did not make. The holder of a key or certificate registers the next one with the current one alone. The old one ends
/// after the overlap. The next one has no later expiry and no wider networks than the one it replaces.
/// </summary>
public sealed class RenewRegistered(IdempotentGate gate, IssueCredential issue, Signals signals, TimeProvider time)
{
    /// <param name="caller">The caller, authenticated with the credential that is replaced.</param>
    /// <param name="next">The replacement, of the same kind.</param>
    /// <param name="overlapSeconds">How long the old one still works, in the bounds of <see cref="RotateCredential"/>.</param>
    public Task<Credential> RunOwnAsync(Caller caller, RegisteredMaterial next, int overlapSeconds) =>
        Superseded.WatchAsync(signals, caller, () => RenewAsync(caller, next, overlapSeconds));

    private async Task<Credential> RenewAsync(Caller caller, RegisteredMaterial next, int overlapSeconds)
    {
        RotateCredential.CheckOverlap(overlapSeconds, isOwn: true);
        var family = CredentialFamily.Of(next.Kind);
        try
        {
            return await gate.WriteAsync(
                caller,
                demand: null,
                $"{family.Noun}.rotated",
                async operation =>
                {
                    var (tx, entry, caller, reach, catalog) = operation;
                    await LineageStore.JoinMintsAsync(tx); // before its row
                    var row = await new CredentialAddress(family, caller.CredentialId!, caller.Principal.Id).FindAsync(tx, reach);
                    var now = time.GetUtcNow();
                    if (row.StateAt(now.ToUnixTimeMilliseconds()) != "active")
                    {
                        throw CredentialProblems.NotActive(row);
                    }

                    if (await LineageStore.IsSupersededAsync(tx, row.Id, now.ToUnixTimeMilliseconds()))
                    {
                        throw Superseded.Registered();
                    }

                    var draft = new CredentialDraft
                    {
                        Name = row.Name,
                        ExpiresAt = row.Expiry,
                        Terms = row.Terms,
                    };
                    var owner = await PrincipalStore.FactsAsync(tx, row.OwnerId, row.ActsIn);
                    // The client and its rights stay the same, so the holder of the old credential gains nothing by the next.
                    var renewed = await issue.RegisterNextAsync(operation, owner, draft, next, row);
                    await CredentialStore.EndAsync(
                        tx,
                        row,
                        now.AddSeconds(overlapSeconds).ToUnixTimeMilliseconds(),
                        now.ToUnixTimeMilliseconds()
                    );
                    await LineageStore.SupersedeAsync(tx, row, caller.Principal.Id, renewed.Id);
                    entry.Reason = $"replaces {row.Id}";
                    return (await CredentialStore.FindAsync(tx, renewed.Id))!.ToCredential(catalog, now.ToUnixTimeMilliseconds());
                }
            );
        }
        catch (UniqueViolationException)
        {
            throw CredentialProblems.KeyIdTaken(next.KeyId);
        }
    }
}
