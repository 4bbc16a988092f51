using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>Why a credential is revoked, and with what.</summary>
/// <param name="Reason">For its record and the audit.</param>
/// <param name="TakesDescendants">Whether the credentials it minted for the same owner end, too: the caller asked for it, or the credential leaked.</param>
/// <param name="TakesSuccessors">Whether another credential may have replaced it. A registered credential is replaced by another credential.</param>
public sealed record Ending(string? Reason, bool TakesDescendants, bool TakesSuccessors)
{
    /// <summary>Whether more credentials end than this one.</summary>
    public bool TakesOthers => TakesDescendants || TakesSuccessors;

    /// <summary>The word a reason begins with where the credential leaked.</summary>
    public const string Leaked = "leaked";

    /// <summary>Whether the reason reports a leak: <c>leaked</c>, or <c>leaked: in a build log</c>.</summary>
    public static bool IsLeak(string? reason) =>
        reason is not null
        && reason.StartsWith(Leaked, StringComparison.OrdinalIgnoreCase)
        && (reason.Length == Leaked.Length || !char.IsAsciiLetterOrDigit(reason[Leaked.Length]));
}

/// <summary>
/// Revokes one credential and those that end with it: the ones that replaced it while it still worked. If it leaked or the caller asks for it, also those it
/// minted for the same owner. Credentials that it minted for others stay.
/// </summary>
public static class EndCredential
{
    /// <summary>Above this number the audit gives a count instead of names.</summary>
    private const int MostNamed = 250;

    /// <param name="tx">The transaction.</param>
    /// <param name="entry">Its audit entry, whose target becomes the credential.</param>
    /// <param name="find">Finds the credential and locks it.</param>
    /// <param name="ending">Why, and which other credentials end.</param>
    /// <param name="now">The time.</param>
    public static async Task RunAsync(
        WriteTransaction tx,
        AuditEntry entry,
        Func<Task<CredentialRow>> find,
        Ending ending,
        DateTimeOffset now
    )
    {
        if (ending.TakesOthers)
        {
            await LineageStore.HoldMintsAsync(tx);
        }

        var row = await find();
        var at = now.ToUnixTimeMilliseconds();
        entry.TargetType = row.Kind;
        entry.TargetId = row.Id;
        entry.OrganizationId = row.OrganizationId;
        entry.Reason = ending.Reason;
        var revoked = await CredentialStore.RevokeAsync(tx, row.Id, at, ending.Reason);
        var reason = ReasonOf(ending.Reason, row.Id);
        // While both secrets work, the holder of the old one may have created the new one.
        var taken =
            ending.TakesDescendants ? await LineageStore.RevokeOfOwnerAsync(tx, row, at, reason)
            : !ending.TakesSuccessors || row.StateAt(at) is "revoked" or "expired" ? []
            : await LineageStore.RevokeSuccessorsAsync(tx, row, at, reason);
        entry.ChangedNothing = revoked.Count + taken.Count == 0;
        Record(tx, entry, taken, reason);
        await CredentialCounts.RemoveAsync(tx, revoked.Concat(taken));
    }

    /// <summary>The reason recorded on a credential that ended because another one did.</summary>
    public static string ReasonOf(string? reason, string id) => $"{reason ?? "revoked"}; it came from {id}";

    /// <summary>Records an event for each credential that ended with another. If there are very many, one event counts the rest.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="cause">The entry of the credential that they ended with.</param>
    /// <param name="revoked">The credentials that ended.</param>
    /// <param name="reason">The reason recorded for each.</param>
    /// <param name="areNamed">Whether the first ones are named; otherwise all are only counted.</param>
    public static void Record(
        WriteTransaction tx,
        AuditEntry cause,
        IReadOnlyList<RevokedCredential> revoked,
        string reason,
        bool areNamed = true
    )
    {
        var named = areNamed ? MostNamed : 0;
        foreach (var credential in revoked.Take(named))
        {
            tx.Record(cause.With($"{CredentialFamily.Of(credential.Kind).Noun}.revoked", credential.Kind, credential.Id, reason));
        }

        if (revoked.Count > named)
        {
            var rest = cause.With("credential.revoked", cause.TargetType, cause.TargetId, reason);
            rest.Count = revoked.Count - named;
            tx.Record(rest);
        }
    }
}
