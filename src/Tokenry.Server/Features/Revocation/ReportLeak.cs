using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Audit;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Features.Revocation;

/// <summary>Ends a credential whose secret somebody found. Holding the whole string is the only right that is needed: whoever has it could use it.</summary>
public sealed class ReportLeak(Authenticator authenticator, Gate gate, Database database, TimeProvider time)
{
    /// <summary>What the record of the credential says to its owner.</summary>
    public const string Reason = "reported as leaked";

    /// <param name="request">Who reports.</param>
    /// <param name="token">The string that was found.</param>
    /// <param name="found">Where it was found, for the audit.</param>
    /// <param name="revokes">Whether it ends, or is only told.</param>
    /// <returns>Whether it is, or was, a credential of ours.</returns>
    public async Task<bool> RunAsync(RequestFacts request, string token, string? found, bool revokes)
    {
        var presented = await authenticator.AuthenticateAsync(token);
        if (presented.Kind is not { } kind)
        {
            return false;
        }

        if (!Capabilities.Of(kind).EndsWhenReported)
        {
            return true; // it was public before
        }

        var hasEnded = presented.Code == VerificationCode.Revoked || presented is { Token: not null, Code: VerificationCode.Expired };
        if (hasEnded && !(revokes && presented.Token is null && await LeavesSomethingAsync(presented)))
        {
            return true; // there is nothing left to end
        }

        var reason = found is null ? Reason : $"{Reason}: {found}";
        var noun = presented.Token is null ? CredentialFamily.Of(kind).Noun : "access_token";
        await gate.AnonymousAsync(
            request,
            revokes ? $"{noun}.revoked" : $"{noun}.leak_reported",
            (tx, entry) => EndAsync(tx, entry, presented, reason, revokes)
        );
        return true;
    }

    private async Task<bool> EndAsync(WriteTransaction tx, AuditEntry entry, Authenticated presented, string reason, bool revokes)
    {
        entry.TargetType = presented.Kind;
        entry.Reason = reason;
        if (presented.Token is { } token)
        {
            entry.TargetId = token.TokenId;
            entry.Api = token.Audience[0];
            if (revokes)
            {
                await RevokedAccessTokens.AddAsync(tx, token.TokenId, token.ExpiresAt);
            }

            return true;
        }

        entry.TargetId = presented.Credential!.Id;
        if (revokes)
        {
            var row = (await CredentialStore.FindAsync(tx, presented.Credential.Id))!;
            await EndCredential.RunAsync(tx, entry, row, new Ending(Reason, TakesDescendants: true), time.GetUtcNow());
            entry.Reason = reason;
        }

        return true;
    }

    /// <summary>Whether it was revoked for another reason, and something that it made for its owner lives on.</summary>
    private async Task<bool> LeavesSomethingAsync(Authenticated presented)
    {
        var credential = presented.Credential!;
        return credential.Revoked
            && presented.SecretVersion == credential.Secrets[0].Version
            && await database.ReadAsync(connection => LineageStore.AnyOfOwnerAsync(connection, credential.Id, credential.OwnerId));
    }
}
