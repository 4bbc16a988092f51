using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Credentials;

/// <summary>
/// Revokes, disables or rotates the credentials that a filter finds, a page at a time. Each credential is changed by the operation that changes it alone: the
/// same rights, one transaction and one audit event each. So a page that is interrupted is repeated without harm, and what was refused is in the answer.
/// </summary>
public sealed class ChangeInBulk(
    Gate gate,
    ListCredentials list,
    RevokeCredential revoke,
    SetCredentialDisabled set,
    RotateCredential rotate,
    TimeProvider time
)
{
    private static readonly IReadOnlyList<CredentialFamily> Secrets = [.. CredentialFamily.All.Where(family => family.IsSecret)];

    /// <param name="caller">The caller.</param>
    /// <param name="listing">The filters of the list, of which one at least must be there; limit and cursor.</param>
    /// <param name="isDry">Whether to change nothing and only to answer what would be refused.</param>
    /// <param name="request">The reason.</param>
    public Task<BulkAnswer> RevokeAsync(Caller caller, Listing listing, bool isDry, BulkRevocationRequest request) =>
        RunAsync(
            caller,
            listing,
            isDry,
            new(
                "revoked",
                CredentialFamily.All,
                credential => credential.State != "revoked",
                _ => null,
                async address =>
                {
                    await revoke.RunAsync(caller, address, request.Reason, descendants: null);
                    return await list.ShowAsync(caller, address);
                }
            )
        );

    /// <inheritdoc cref="RevokeAsync"/>
    public Task<BulkAnswer> DisableAsync(Caller caller, Listing listing, bool isDry) =>
        RunAsync(
            caller,
            listing,
            isDry,
            new(
                "disabled",
                CredentialFamily.All,
                credential =>
                    credential.State is not ("revoked" or "disabled") && credential.Approval?.State is not ("pending" or "expired"),
                _ => null,
                address => set.RunAsync(caller, address, disabled: true)
            )
        );

    /// <summary>Rotates those whose secrets the server makes. One whose last overlap still runs is left alone: a second rotation would end the older secret.</summary>
    /// <inheritdoc cref="RevokeAsync"/>
    public Task<BulkAnswer> RotateAsync(Caller caller, Listing listing, bool isDry, BulkRotationRequest request)
    {
        // As for a holder that rotates its own: the new secrets take a while to reach their places.
        RotateCredential.CheckOverlap(request.OverlapSeconds, isOwn: true);
        var rotation = new RotationRequest { OverlapSeconds = request.OverlapSeconds };
        return RunAsync(
            caller,
            listing,
            isDry,
            new(
                "rotated",
                Secrets,
                credential => credential.State is "active" or "scheduled",
                OverlapOf,
                address => rotate.RunAsync(caller, address, rotation)
            )
        );
    }

    private async Task<BulkAnswer> RunAsync(Caller caller, Listing listing, bool isDry, Change change)
    {
        // A caller that may change none of them is told so, before it reads any.
        var family = change.Families.FirstOrDefault(family => family.WriteScopes.Any(caller.Management.Contains)) ?? change.Families[0];
        await gate.AuthorizeAsync(caller, family.Write, $"{family.Noun}.{change.Verb}");
        if (caller.Request.IdempotencyKey is not null)
        {
            throw ProblemException.Invalid(
                "Idempotency-Key",
                "is not for many credentials at once. Repeat the request: it leaves out what is done"
            );
        }

        if (listing.Filters(ListCredentials.Filters).Count == 0)
        {
            throw ProblemException.Invalid("filters", $"name one at least of {string.Join(", ", ListCredentials.Filters)}");
        }

        var page = await list.RunAsync(caller, change.Families, ownerId: null, listing);
        var items = new List<BulkItem>(page.Items.Count);
        foreach (var credential in page.Items.Where(change.Concerns))
        {
            items.Add(await ChangeAsync(caller, credential, isDry, change));
        }

        return new(items, items.Count(item => item.Done), items.Count(item => item.Code is not null), page.NextCursor);
    }

    private static async Task<BulkItem> ChangeAsync(Caller caller, Credential credential, bool isDry, Change change)
    {
        if ((IsCaller(caller, credential) ?? change.Hindrance(credential)) is { } hindrance)
        {
            return Refused(credential, hindrance.Code, hindrance.Detail);
        }

        if (isDry)
        {
            return new() { Credential = credential, Done = false };
        }

        try
        {
            var address = new CredentialAddress(CredentialFamily.Of(credential.Kind), credential.Id);
            return new() { Credential = await change.RunAsync(address), Done = true };
        }
        // Who has no valid credential any more hears so, for the whole request.
        catch (ProblemException refusal) when (refusal.Status != StatusCodes.Status401Unauthorized)
        {
            return Refused(credential, refusal.Code, refusal.Message);
        }
    }

    private static BulkItem Refused(Credential credential, string code, string detail) =>
        new()
        {
            Credential = credential,
            Done = false,
            Code = code,
            Detail = detail,
        };

    private static Hindrance? IsCaller(Caller caller, Credential credential) =>
        caller.CredentialId == credential.Id
            ? new(ProblemCode.OwnCredential, "This credential made the request. Change it by itself, last.")
            : null;

    private Hindrance? OverlapOf(Credential credential) =>
        credential.PreviousExpiresAt is { } end && end > time.GetUtcNow()
            ? new(
                ProblemCode.OverlapRunning,
                $"The secret before the last rotation works until {TimestampConverter.Format(end)}. Another rotation would end it at once."
            )
            : null;

    /// <summary>Why a credential is left alone.</summary>
    private sealed record Hindrance(string Code, string Detail);

    /// <summary>One of the three changes.</summary>
    /// <param name="Verb">As in the audit action.</param>
    /// <param name="Families">The kinds that it can change.</param>
    /// <param name="Concerns">Whether a credential is not yet in the state asked for.</param>
    /// <param name="Hindrance">Why it is left alone, if it is; besides being the calling credential.</param>
    /// <param name="RunAsync">Changes it and shows it.</param>
    private sealed record Change(
        string Verb,
        IReadOnlyList<CredentialFamily> Families,
        Func<Credential, bool> Concerns,
        Func<Credential, Hindrance?> Hindrance,
        Func<CredentialAddress, Task<Credential>> RunAsync
    );
}
