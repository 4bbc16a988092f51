using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Http;

namespace Tokenry.Server.Foundation.Credentials;

/// <summary>Ends a credential for good and keeps its record. Once more changes nothing and is no error.</summary>
public sealed class RevokeCredential(Gate gate, TimeProvider time)
{
    private const int LongestReason = 200;

    public Task RunAsync(Caller caller, CredentialAddress address, string? reason) =>
        RunAsync(caller, address.Family.Write, address, reason);

    /// <summary>The calling credential itself, which needs no scope for it.</summary>
    public Task RunOwnAsync(Caller caller, CredentialAddress address, string? reason) => RunAsync(caller, demand: null, address, reason);

    private Task<bool> RunAsync(Caller caller, Demand? demand, CredentialAddress address, string? reason)
    {
        var check = new Validation();
        check.Text("reason", reason, LongestReason);
        check.ThrowIfAny();
        return gate.WriteAsync(
            caller,
            demand,
            $"{address.Family.Noun}.revoked",
            async operation =>
            {
                var (tx, entry, _, reach, _) = operation;
                var row = await address.FindAsync(tx, reach);
                entry.TargetType = row.Kind;
                entry.TargetId = row.Id;
                entry.Reason = reason;
                return await CredentialStore.RevokeAsync(tx, row.Id, time.GetUtcNow().ToUnixTimeMilliseconds(), reason);
            }
        );
    }
}
