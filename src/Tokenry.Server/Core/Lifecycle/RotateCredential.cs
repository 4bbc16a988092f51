using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// Makes a new secret under the same id, name, rights and limits, and a new signing key where the credential has one. The replaced secret works for the
/// requested overlap, but never past its original expiry. A secret before that one ends at once. Rotation also renews an expired credential.
/// </summary>
public sealed class RotateCredential(
    IdempotentGate gate,
    SecretMint mint,
    RecoverableSecrets recoverable,
    ExpiryPolicy expiry,
    Caps caps,
    Signals signals,
    TimeProvider time
)
{
    private const int MaxOverlap = 2_592_000;

    /// <summary>A holder that rotates its own credential and loses the answer must be able to try again. In seconds.</summary>
    private const int MinSelfOverlap = 60;

    public Task<Credential> RunAsync(Caller caller, CredentialAddress address, RotationRequest request) =>
        RunAsync(caller, address.Family.WriteOnlyThese, address, request);

    /// <summary>Rotates the calling credential itself; this needs no scope.</summary>
    public Task<Credential> RunOwnAsync(Caller caller, CredentialAddress address, RotationRequest request) =>
        RunAsync(caller, demand: null, address, request);

    /// <exception cref="ProblemException">400: the overlap is outside the bounds; a holder that rotates its own credential needs an overlap.</exception>
    internal static void CheckOverlap(int seconds, bool isOwn)
    {
        var least = isOwn ? MinSelfOverlap : 0;
        if (seconds < least || seconds > MaxOverlap)
        {
            throw ProblemException.Invalid("overlap_seconds", Validation.Between(least, MaxOverlap));
        }
    }

    private Task<Credential> RunAsync(Caller caller, Demand? demand, CredentialAddress address, RotationRequest request) =>
        Superseded.WatchAsync(
            signals,
            caller,
            () =>
                gate.WriteAsync(
                    caller,
                    demand,
                    $"{address.Family.Noun}.rotated",
                    operation => RotateAsync(operation, address, request, isOwn: demand is null)
                )
        );

    private async Task<Credential> RotateAsync(OperationContext operation, CredentialAddress address, RotationRequest request, bool isOwn)
    {
        var (tx, entry, caller, reach, catalog) = operation;
        CheckOverlap(request.OverlapSeconds, isOwn);
        var row = await address.FindAsync(tx, reach);
        entry.TargetType = row.Kind;
        entry.TargetId = row.Id;
        entry.OrganizationId = row.OrganizationId;
        if (!reach.IsAll && row.OwnerId != caller.Principal.Id)
        {
            // From here on the caller counts as a holder of this credential. A transfer of the owning application must therefore come before or after this,
            // not at the same time.
            tx.StandsOn(new Premise(caller.JudgedAt.Position, [row.OwnerId]));
        }

        var now = time.GetUtcNow();
        var state = row.StateAt(now.ToUnixTimeMilliseconds());
        var end = request.ExpiresAt.Or(row.Expiry);
        if (state is "revoked" or "disabled" || row.IsPending || end <= now)
        {
            throw request.ExpiresAt.IsPresent && end <= now
                ? ProblemException.Invalid("expires_at", Validation.Past)
                : CredentialProblems.NotActive(row);
        }

        var newest = await CredentialStore.NewestVersionAsync(tx, row.Id);
        if (caller.CredentialId == row.Id && IsSuperseded(caller.Credential, row, newest))
        {
            throw Superseded.Secret();
        }

        if (request.ExpiresAt.IsPresent)
        {
            expiry.Check(row.Kind, end, now);
            if (end?.ToUnixTimeMilliseconds() <= row.NotBefore)
            {
                throw ProblemException.Invalid("expires_at", new FieldFault("before_start", "lies before not_before"));
            }
        }

        // A new secret is as strong as a new credential, so the minting rule applies here too.
        var resulting = await IssueCredential.MintedAsync(tx, row) with
        {
            ExpiresAt = end,
        };
        if (isOwn)
        {
            MintingRule.CheckLimits(caller, resulting); // the same credential has the same rights
        }
        else
        {
            MintingRule.CheckExisting(catalog, caller, reach, resulting);
        }

        var policies = await PolicyCheck.RequireAsync(
            operation,
            row with
            {
                ExpiresAt = end?.ToUnixTimeMilliseconds(),
            },
            BindingRules.All,
            now
        );
        await ApprovalDemand.RequireForGrowthAsync(operation, row, row with { ExpiresAt = end?.ToUnixTimeMilliseconds() }, now);
        var minted = mint.Another(row.Id);
        var grace = now.AddSeconds(request.OverlapSeconds);
        var graceEnd = row.Expiry is { } original && original < grace ? original : grace;
        var signs = row.SigningPepperVersion is not null;
        // A policy that forbids copies must not keep a secret that leaked from being replaced: the new one is only a hash.
        var isKept = row.Terms.Recoverable == true && policies.ForbidsRecoverable is null;
        var rotated = row with
        {
            Terms = isKept == (row.Terms.Recoverable == true) ? row.Terms : row.Terms with { Recoverable = null },
            Masked = minted.Masked,
            ExpiresAt = end?.ToUnixTimeMilliseconds(),
            RenewedAt = now.ToUnixTimeMilliseconds(),
            PreviousExpiresAt = graceEnd.ToUnixTimeMilliseconds(),
            PreviousUsedAt = null,
        };
        var version = await CredentialStore.RotateAsync(
            tx,
            new Rotation
            {
                Secret = minted,
                Newest = newest,
                Signs = signs,
                By = caller.Principal.Id,
                Now = now.ToUnixTimeMilliseconds(),
                GraceEnd = graceEnd.ToUnixTimeMilliseconds(),
                ExpiresAt = rotated.ExpiresAt,
                DueAt = rotated.DueAt,
                TokensSince = request.OverlapSeconds == 0 ? TokenIds.SinceAfter(now) : null,
            }
        );
        await KeepAsync(tx, row, rotated, minted, version);
        if (state == "expired")
        {
            await caps.CheckRevivedAsync(tx, row.OwnerId, row.OwnerType, now.ToUnixTimeMilliseconds());
            await PolicyCheck.RequireRoomAsync(tx, policies, row, now);
        }

        if (request.ExpiresAt.IsPresent || rotated.IsRecoverable != row.IsRecoverable)
        {
            var at = now.ToUnixTimeMilliseconds();
            entry.Changes = AuditChanges.Rights(row.ToCredential(catalog, at), rotated.ToCredential(catalog, at));
        }

        return rotated.ToCredential(catalog, now.ToUnixTimeMilliseconds(), minted.Secret, signs ? mint.SigningKey(minted, version) : null);
    }

    /// <summary>Replaces the copy of a recoverable key's secret, or deletes it.</summary>
    private async Task KeepAsync(WriteTransaction tx, CredentialRow before, CredentialRow after, MintedSecret minted, long version)
    {
        if (after.Terms.Recoverable == true)
        {
            await recoverable.KeepAsync(tx, minted, version);
        }
        else if (before.Terms.Recoverable == true)
        {
            await RecoverableSecretStore.DeleteAsync(tx, [before.Id]);
            await CredentialStore.SetTermsAsync(tx, after);
        }
    }

    /// <summary>
    /// Whether the caller is the credential itself, with a secret that is not the newest. An access token does not say which secret bought it: it counts as
    /// the newest's only if it was issued after the previous one had ended. Its <c>iat</c> shows that, in whole seconds and never too late; its <c>jti</c>
    /// may lie ahead.
    /// </summary>
    private static bool IsSuperseded(Authenticated caller, CredentialRow row, long newest) =>
        caller.Token is { } token
            ? row.PreviousExpiresAt is { } previous && token.IssuedAt.ToUnixTimeMilliseconds() < previous
            : caller.SecretVersion is { } version && version != newest;
}
