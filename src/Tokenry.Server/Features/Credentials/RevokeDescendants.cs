using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Http;

namespace Tokenry.Server.Features.Credentials;

/// <summary>
/// Ends everything that a credential made, for others too: a deployment token that leaked made a thousand keys, which do not end with it. The credential itself
/// stays as it is. A caller who may write only their own ends only their own.
/// </summary>
public sealed class RevokeDescendants(Gate gate, Brands brands, TimeProvider time)
{
    /// <returns>How many ended, and how many live on.</returns>
    public Task<(long Revoked, long Left)> RunAsync(Caller caller, string id, DescendantsRevocationRequest request)
    {
        var check = new Validation();
        var reason = brands.Reason(check, request.Reason, RevokeCredential.LongestReason);
        check.ThrowIfAny();
        var family = CredentialFamily.OfId(id);
        return gate.WriteAsync(
            caller,
            family.Write,
            "credential.descendants_revoked",
            operation => EndAsync(operation, new CredentialAddress(family, id), reason)
        );
    }

    private async Task<(long Revoked, long Left)> EndAsync(OperationContext operation, CredentialAddress address, string? asked)
    {
        var (tx, entry, _, reach, _) = operation;
        var row = await address.FindAsync(tx, reach);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        entry.TargetType = row.Kind;
        entry.TargetId = row.Id;
        entry.Reason = asked;
        var reason = EndCredential.ReasonOf(asked, row.Id);
        var revoked = await LineageStore.RevokeInReachAsync(tx, row, reach, now, reason);
        EndCredential.Record(tx, entry, revoked, reason);
        await CredentialCounts.RemoveAsync(tx, revoked);
        return (revoked.Count, await LineageStore.CountAsync(tx, row.Id, now));
    }
}
