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

/// <summary>What a report led to.</summary>
public enum LeakOutcome
{
    /// <summary>It is no credential of this server.</summary>
    Foreign,

    /// <summary>It is, or was, one of ours; there was nothing left to end, or nothing to hide.</summary>
    NothingEnded,

    /// <summary>It ended, or its owner was told.</summary>
    Done,
}

/// <summary>Ends a credential whose secret somebody found. Holding the whole string is the only right that is needed: whoever has it could use it.</summary>
public sealed class ReportLeak(Authenticator authenticator, Gate gate, Database database, TimeProvider time)
{
    /// <summary>What the record of the credential says to its owner.</summary>
    public const string Reason = "reported as leaked";

    /// <summary>Stands for all who report, among those who read lists.</summary>
    private const string Readers = "leak reports";

    /// <param name="request">Who reports.</param>
    /// <param name="token">The string that was found.</param>
    /// <param name="found">Where it was found, for the audit.</param>
    /// <param name="revokes">Whether it ends, or is only told.</param>
    public async Task<LeakOutcome> RunAsync(RequestFacts request, string token, string? found, bool revokes)
    {
        var presented = await authenticator.AuthenticateAsync(token);
        if (presented.Kind is not { } kind)
        {
            return LeakOutcome.Foreign;
        }

        if (!Capabilities.Of(kind).EndsWhenReported)
        {
            return LeakOutcome.NothingEnded; // it was public before
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

    /// <summary>Whether it was revoked for another reason, and something that it made for its owner lives on.</summary>
    private async Task<bool> LeavesSomethingAsync(AuthenticationResult presented) =>
        presented.Stored is { Revoked: true } credential
        && presented.SecretVersion == credential.Secrets[0].Version
        // Anyone who holds a revoked string asks this: not where doors read.
        && await database.ListAsync(Readers, connection => LineageStore.AnyOfOwnerAsync(connection, credential.Id, credential.OwnerId));
}
