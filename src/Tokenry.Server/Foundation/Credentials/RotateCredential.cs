using Tokenry.Protocol.Api;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Audit;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Principals;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Credentials;

/// <summary>
/// A new secret under the same id, name, rights and limits. The one it replaces works on for the overlap asked for, never past the original
/// expiry; one before that ends at once. Also the renewal of what has expired.
/// </summary>
public sealed class RotateCredential(Gate gate, CatalogCache catalogs, SecretMint mint, ExpiryPolicy expiry, TimeProvider time)
{
    private const int MaxOverlap = 2_592_000;

    /// <summary>A holder that rotates its own credential and loses the answer must be able to come back.</summary>
    private const int MinSelfOverlap = 60;

    public Task<Credential> RunAsync(Caller caller, CredentialAddress address, RotationRequest request) =>
        RunAsync(caller, address.Family.Write, address, request, minOverlap: 0);

    /// <summary>The calling credential itself, which needs no scope for it.</summary>
    public Task<Credential> RunOwnAsync(Caller caller, CredentialAddress address, RotationRequest request) =>
        RunAsync(caller, demand: null, address, request, MinSelfOverlap);

    private async Task<Credential> RunAsync(
        Caller caller,
        Demand? demand,
        CredentialAddress address,
        RotationRequest request,
        int minOverlap
    )
    {
        var catalog = await catalogs.GetAsync();
        return await gate.WriteOnceAsync(
            caller,
            demand,
            $"{address.Family.Noun}.rotated",
            (tx, entry, reach) => RotateAsync(tx, entry, reach, caller, catalog, address, request, minOverlap)
        );
    }

    private async Task<Credential> RotateAsync(
        WriteTransaction tx,
        AuditEntry entry,
        Reach reach,
        Caller caller,
        Catalog catalog,
        CredentialAddress address,
        RotationRequest request,
        int minOverlap
    )
    {
        if (request.OverlapSeconds < minOverlap || request.OverlapSeconds > MaxOverlap)
        {
            throw ProblemException.Invalid("overlap_seconds", $"must be from {minOverlap} to {MaxOverlap}");
        }

        var row = await address.FindAsync(tx, reach);
        entry.TargetType = row.Kind;
        entry.TargetId = row.Id;
        var now = time.GetUtcNow();
        var state = row.StateAt(now.ToUnixTimeMilliseconds());
        var end = request.ExpiresAt.Or(row.Expiry);
        if (state is "revoked" or "disabled" || end <= now)
        {
            throw request.ExpiresAt.IsPresent && end <= now
                ? ProblemException.Invalid("expires_at", "lies in the past")
                : CredentialProblems.NotActive(row);
        }

        if (request.ExpiresAt.IsPresent)
        {
            expiry.Check(row.Kind, end, now);
        }

        // A new secret is as good as a new credential: the rule that bounds minting bounds this.
        var draft = new CredentialDraft
        {
            Name = row.Name,
            Permissions = JsonColumn.ReadNullable<IReadOnlyList<Permission>>(row.Permissions),
            Objects = JsonColumn.ReadNullable<string[]>(row.Objects),
            AllowedIps = JsonColumn.ReadNullable<string[]>(row.AllowedIps),
            ExpiresAt = end,
        };
        MintingRule.CheckExisting(
            catalog,
            caller,
            reach,
            IssueCredential.Minted(await PrincipalStore.FactsAsync(tx, row.OwnerId), row.Kind, draft)
        );

        var minted = mint.Another(row.Id);
        var grace = now.AddSeconds(request.OverlapSeconds);
        var graceEnd = row.Expiry is { } original && original < grace ? original : grace;
        await CredentialStore.RotateAsync(
            tx,
            row.Id,
            graceEnd.ToUnixTimeMilliseconds(),
            now.ToUnixTimeMilliseconds(),
            minted.Hash,
            minted.PepperVersion,
            minted.Masked,
            end?.ToUnixTimeMilliseconds()
        );
        return (await CredentialStore.FindAsync(tx, row.Id))!.ToCredential(now.ToUnixTimeMilliseconds(), minted.Secret);
    }
}
