using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;

namespace Tokenry.Server.Foundation.Credentials;

/// <summary>Disable and enable: a pause that can be undone, unlike revocation.</summary>
public sealed class SetCredentialDisabled(Gate gate, TimeProvider time)
{
    public Task<Credential> RunAsync(Caller caller, CredentialAddress address, bool disabled) =>
        gate.WriteAsync(
            caller,
            address.Family.Write,
            $"{address.Family.Noun}.{(disabled ? "disabled" : "enabled")}",
            async (tx, entry, reach) =>
            {
                var row = await address.FindAsync(tx, reach);
                entry.TargetType = row.Kind;
                entry.TargetId = row.Id;
                return await CredentialStore.SetDisabledAsync(tx, row.Id, disabled)
                    ? (await CredentialStore.FindAsync(tx, row.Id))!.ToCredential(time.GetUtcNow().ToUnixTimeMilliseconds())
                    : throw CredentialProblems.NotActive(row);
            }
        );
}
