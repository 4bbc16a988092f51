using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// Revokes everything of one user or application at once: every credential, and every access token of which it is subject or client. With a time, only what
/// was issued before it.
/// </summary>
public sealed class RevokeAll(Gate gate, Brands brands, TimeProvider time)
{
    public Task<RevokedCount> RunAsync(Caller caller, PrincipalAddress address, RevokeAllRequest request)
    {
        var check = new Validation();
        var why = brands.Reason(check, request.Reason, RevokeCredential.LongestReason);
        check.Require(
            request.IssuedBefore is not { } before || before <= time.GetUtcNow(),
            "issued_before",
            "must not lie in the future; leave it out to end everything"
        );
        check.ThrowIfAny();
        var ownScope = address.IsUser ? ManagementApi.TokensOwn : ManagementApi.ApplicationsOwn;
        return gate.WriteAsync(
            caller,
            new Demand(ManagementApi.CredentialsWrite, ownScope)
            {
                OrganizationScope = address.IsUser ? null : ManagementApi.OrganizationApplications,
            },
            $"{address.Type}.credentials_revoked",
            operation => EndAsync(operation, address, request with { Reason = why })
        );
    }

    private async Task<RevokedCount> EndAsync(OperationContext operation, PrincipalAddress address, RevokeAllRequest request)
    {
        var (tx, entry, caller, _, _) = operation;
        if (address.IsUser && caller.OrganizationId is not null)
        {
            // The user's tokens outside of the organization are out of reach, even for the user.
            throw Problems.InsufficientScope(ManagementApi.Identifier, [ManagementApi.CredentialsWrite]);
        }

        var row = await PrincipalOperations.FindAsync(operation, address);
        var id = row.Id;
        entry.OrganizationId ??= row.OrganizationId;
        entry.TargetType = address.Type;
        entry.TargetId = id;
        entry.Reason = request.IssuedBefore is { } before ? $"issued before {TimestampConverter.Format(before)}" : null;
        if (request.Reason is { } said)
        {
            entry.Reason = entry.Reason is null ? said : $"{said}; {entry.Reason}";
        }

        var now = time.GetUtcNow();
        var reason = $"{entry.Reason ?? "revoked"}; with all of {id}";
        await PrincipalStore.SetTokensSinceAsync(tx, id, TokenIds.SinceAfter(request.IssuedBefore ?? now));
        var revoked = await CredentialStore.RevokeAllOfAsync(
            tx,
            id,
            now.ToUnixTimeMilliseconds(),
            reason,
            request.IssuedBefore?.ToUnixTimeMilliseconds() ?? long.MaxValue
        );
        EndCredential.Record(tx, entry, revoked, reason);
        return new RevokedCount(revoked.Count);
    }
}
