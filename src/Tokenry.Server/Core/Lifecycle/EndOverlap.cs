using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// Ends the secret before the last rotation now, and not at the end of its overlap. It gives nothing, so no minting rule applies, and a weaker caller may do it. Access
/// tokens that the old secret bought stay, as they do at the end of an overlap: one may have been bought with the newest secret, and nothing tells them apart.
/// </summary>
public sealed class EndOverlap(Gate gate, TimeProvider time)
{
    /// <returns>The credential; as it was if no overlap runs.</returns>
    /// <exception cref="ProblemException">404: there is no such credential; 409: it is revoked.</exception>
    public Task<Credential> RunAsync(Caller caller, CredentialAddress address) =>
        gate.WriteAsync(
            caller,
            address.Family.WriteOnlyThese,
            $"{address.Family.Noun}.overlap_ended",
            async operation =>
            {
                var (tx, entry, _, reach, catalog) = operation;
                var row = await address.FindAsync(tx, reach);
                (entry.TargetType, entry.TargetId, entry.OrganizationId) = (row.Kind, row.Id, row.OrganizationId);
                if (row.State == "revoked")
                {
                    throw CredentialProblems.NotActive(row);
                }

                var now = time.GetUtcNow().ToUnixTimeMilliseconds();
                var before = row.ToCredential(catalog, now);
                if (!await CredentialStore.EndOverlapAsync(tx, row.Id, now))
                {
                    entry.ChangedNothing = true;
                    return before;
                }

                var ended = (await CredentialStore.FindAsync(tx, row.Id))!.ToCredential(catalog, now);
                entry.Changes = AuditChanges.Between(before, ended);
                return ended;
            }
        );
}
