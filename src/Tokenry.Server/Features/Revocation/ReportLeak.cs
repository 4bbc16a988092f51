using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Revocation;

/// <summary>The result of a leak report.</summary>
public enum LeakOutcome
{
    /// <summary>This server did not issue the string.</summary>
    Foreign,

    /// <summary>This server issued the string, but nothing was left to revoke, or the string was never secret.</summary>
    NothingEnded,

    /// <summary>The credential was revoked, or its owner was notified.</summary>
    Done,
}

/// <summary>
/// Revokes a credential whose secret was found. The full string is the only authorization needed: its holder could use the credential anyway.
/// </summary>
public sealed class ReportLeak(Authenticator authenticator, Gate gate, Database database, TimeProvider time)
{
    /// <summary>The revocation reason that the owner sees on the credential.</summary>
    public const string Reason = "reported as leaked";

    /// <summary>The shared quota name of all reporters among the readers of lists.</summary>
    private const string Readers = "leak reports";

    /// <param name="request">The facts of the reporting request.</param>
    /// <param name="token">The string that was found.</param>
    /// <param name="found">Where it was found, for the audit.</param>
    /// <param name="revokes">Whether the credential is revoked; if not, its owner is only notified.</param>
    public async Task<LeakOutcome> RunAsync(RequestFacts request, string token, string? found, bool revokes)
    {
        var presented = await authenticator.AuthenticateAsync(token);
        if (presented.Kind is not { } kind)
        {
            return LeakOutcome.Foreign;
        }

        if (!Capabilities.Of(kind).EndsWhenReported)
        {
            return LeakOutcome.NothingEnded; // it was never secret
        }

        var hasEnded = presented.Code == VerificationCode.Revoked || presented is { Token: not null, Code: VerificationCode.Expired };
        if (hasEnded && !(revokes && presented.Token is null && await LeavesSomethingAsync(presented)))
        {
            return LeakOutcome.NothingEnded;
        }

        var reason = found is null ? Reason : $"{Reason}: {found}";
        var noun = presented.Token is null ? CredentialFamily.Of(kind).Noun : "access_token";
        await gate.AnonymousAsync(
            request,
            revokes ? $"{noun}.revoked" : $"{noun}.leak_reported",
            (tx, entry) => EndAsync(tx, entry, presented, reason, revokes)
        );
        return LeakOutcome.Done;
    }

    private async Task<bool> EndAsync(WriteTransaction tx, AuditEntry entry, AuthenticationResult presented, string reason, bool revokes)
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

        entry.TargetId = presented.CredentialId;
        if (revokes && presented.Stored is { } stored)
        {
            await EndCredential.RunAsync(
                tx,
                entry,
                async () => (await CredentialStore.FindAsync(tx, stored.Id))!,
                new Ending(Reason, TakesDescendants: true, TakesSuccessors: true),
                time.GetUtcNow()
            );
            entry.Reason = reason;
        }

        return true;
    }

    /// <summary>Whether the credential was revoked for another reason, while a credential that it created for its owner is still live.</summary>
    private async Task<bool> LeavesSomethingAsync(AuthenticationResult presented) =>
        presented.Stored is { Revoked: true } credential
        && presented.SecretVersion == credential.Secrets[0].Version
        // Every holder of a revoked string can cause this query, so it does not use the read connections of the doors.
        && await database.ListAsync(Readers, connection => LineageStore.AnyOfOwnerAsync(connection, credential.Id, credential.OwnerId));
}
