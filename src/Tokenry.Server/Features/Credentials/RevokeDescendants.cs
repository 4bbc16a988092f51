using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Credentials;

/// <summary>
/// Revokes every descendant of a credential, no matter who owns it; the credential itself does not change. Use: a leaked deployment token created a
/// thousand keys, which its own revocation leaves live. A caller with rights over their own credentials revokes only those.
/// </summary>
public sealed class RevokeDescendants(Gate gate, CountDescendants count, Brands brands, TimeProvider time)
{
    private const int Step = 10_000;

    /// <summary>The limit on steps, because the credential may create more meanwhile.</summary>
    private const int MostSteps = 1000;

    /// <returns>The number revoked, and the number still live (<see cref="CountDescendants"/>).</returns>
    public async Task<(long Revoked, string? Left)> RunAsync(Caller caller, string id, DescendantsRevocationRequest request)
    {
        var check = new Validation();
        var reason = brands.Reason(check, request.Reason, RevokeCredential.LongestReason);
        check.ThrowIfAny();
        var family = CredentialFamily.OfId(id);
        var address = new CredentialAddress(family, id);
        var revoked = 0L;
        // Each step is one transaction with its own audit event. One transaction over millions of descendants would block all other writes,
        // or never end.
        for (var step = 0; step < MostSteps && revoked == step * (long)Step; step++)
        {
            var isFirst = step == 0;
            revoked += await gate.WriteAsync(
                caller,
                family.Write,
                "credential.descendants_revoked",
                operation => EndAsync(operation, address, reason, isFirst)
            );
        }

        return (revoked, await count.RunAsync(caller.Principal.Id, id));
    }

    private async Task<long> EndAsync(OperationContext operation, CredentialAddress address, string? asked, bool areNamed)
    {
        var (tx, entry, _, reach, _) = operation;
        await LineageStore.HoldMintsAsync(tx);
        var row = await address.FindAsync(tx, reach);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        entry.TargetType = row.Kind;
        entry.TargetId = row.Id;
        entry.OrganizationId = row.OrganizationId;
        entry.Reason = asked;
        var reason = EndCredential.ReasonOf(asked, row.Id);
        var revoked = await LineageStore.RevokeInReachAsync(tx, row, reach, new(now, reason), Step);
        EndCredential.Record(tx, entry, revoked, reason, areNamed);
        await CredentialCounts.RemoveAsync(tx, revoked);
        return revoked.Count;
    }
}
