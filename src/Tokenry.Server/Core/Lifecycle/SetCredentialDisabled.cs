using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>Disables and enables a credential: unlike revocation, this can be undone.</summary>
public sealed class SetCredentialDisabled(Gate gate, TimeProvider time)
{
    public async Task<Credential> RunAsync(Caller caller, CredentialAddress address, bool disabled)
    {
        return await gate.WriteAsync(
            caller,
            address.Family.WriteOnlyThese,
            $"{address.Family.Noun}.{(disabled ? "disabled" : "enabled")}",
            async operation =>
            {
                var (tx, entry, caller, reach, catalog) = operation;
                var row = await address.FindAsync(tx, reach);
                entry.TargetType = row.Kind;
                entry.TargetId = row.Id;
                entry.OrganizationId = row.OrganizationId;
                if (row.IsPending)
                {
                    throw CredentialProblems.NotActive(row);
                }

                var moment = time.GetUtcNow();
                var isWoken = !disabled && row.State == "disabled";
                if (!disabled)
                {
                    // Enabling a credential is as strong as making it, so the minting rule applies. Disabling is free, so that a weaker caller can stop a
                    // stronger credential.
                    MintingRule.CheckExisting(catalog, caller, reach, await IssueCredential.MintedAsync(tx, row));
                }

                var policies = await PolicyCheck.RequireAsync(operation, row, isWoken ? BindingRules.All : BindingRules.None, moment);
                if (isWoken)
                {
                    ApprovalDemand.RequireToWake(operation, policies, row, moment);
                }

                if (!await CredentialStore.SetDisabledAsync(tx, row.Id, disabled))
                {
                    throw CredentialProblems.NotActive(row);
                }

                var now = moment.ToUnixTimeMilliseconds();
                if (isWoken && policies.TokenLimits.Any())
                {
                    await CredentialCounts.HoldAsync(tx, row.OwnerId);
                    await PolicyCheck.RequireRoomAsync(tx, policies, row, moment);
                }

                var paused = (await CredentialStore.FindAsync(tx, row.Id))!.ToCredential(catalog, now);
                entry.Changes = AuditChanges.Between(row.ToCredential(catalog, now), paused);
                entry.ChangedNothing = entry.Changes is null;
                return paused;
            }
        );
    }
}
