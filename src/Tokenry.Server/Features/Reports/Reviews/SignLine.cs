using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Reports.Reviews;

/// <summary>
/// Signs one line of a review. A signature is final. To revoke needs the right that revoking the thing itself needs, and happens in the transaction of the
/// signature: the line says what was done.
/// </summary>
public sealed class SignLine(Gate gate, Brands brands, TimeProvider time)
{
    private const int LongestComment = 200;

    /// <exception cref="ProblemException">404: there is no such line; 409: it is signed.</exception>
    public Task<AccessReviewLine> KeepAsync(Caller caller, string reviewId, string id, ReviewSignature signature)
    {
        var comment = Comment(signature);
        return gate.WriteAsync(
            caller,
            OpenReview.Write,
            "review.line_kept",
            async operation =>
            {
                var review = await ReviewStore.FindAsync(operation.Transaction, reviewId, operation.Reach);
                ReadReviews.RequireNames(operation.Caller, operation.Reach);
                var line = await ReviewStore.FindLineAsync(operation.Transaction, reviewId, id);
                return await SignAsync(operation, review, line with { Decision = ReviewLineRow.Keep, Comment = comment });
            }
        );
    }

    /// <exception cref="ProblemException">
    /// 403: the caller may not revoke the thing of the line; 404: there is no such line; 409: it is signed, or the last administrator would lose the role.
    /// </exception>
    public async Task<AccessReviewLine> RevokeAsync(Caller caller, string reviewId, string id, ReviewSignature signature)
    {
        var comment = Comment(signature);
        var (review, known) = await gate.ReadOneAsync(
            caller,
            OpenReview.Write,
            "review.read",
            async read =>
            {
                var found = await ReviewStore.FindAsync(read.Connection, reviewId, read.Reach);
                ReadReviews.RequireNames(read.Caller, read.Reach);
                return (found, await ReviewStore.FindLineAsync(read.Connection, reviewId, id));
            }
        );
        return await gate.WriteAsync(
            caller,
            DemandOf(known),
            "review.line_revoked",
            async operation =>
            {
                var now = time.GetUtcNow();
                var line = await ReviewStore.FindLineAsync(operation.Transaction, reviewId, id);
                var hasEnded = line.Since(operation.Catalog, now.ToUnixTimeMilliseconds()) == ReviewLineState.Ended;
                var signed = await SignAsync(operation, review, line with { Decision = ReviewLineRow.Revoke, Comment = comment });
                if (hasEnded)
                {
                    return signed;
                }

                await (
                    line.IsRole ? TakeRole.RunAsync(operation, line)
                    : line.IsMemberToken ? ExcludeAsync(operation, line, comment, now)
                    : EndAsync(operation, line, comment, now)
                );
                return await ShownAsync(operation, line);
            }
        );
    }

    private static Demand DemandOf(ReviewLineRow line) =>
        line.IsMemberToken ? CredentialFamily.PersonalAccessTokens.Write with { OwnScope = null }
        : !line.IsRole ? CredentialFamily.Of(line.Kind).WriteOnlyThese
        : line.OrganizationId is not null ? new(ManagementApi.OrganizationsWrite) { OrganizationScope = ManagementApi.OrganizationWrite }
        : new(line.OwnerType == PrincipalType.User ? ManagementApi.UsersWrite : ManagementApi.ApplicationsWrite);

    /// <summary>Ends what the token may do in the organization, never the token.</summary>
    private static async Task ExcludeAsync(OperationContext operation, ReviewLineRow line, string? comment, DateTimeOffset now)
    {
        var excluded = operation.Entry.With(ExcludeToken.Action);
        excluded.Reason = Reason(line, comment);
        await OrganizationStore.FindAsync(operation.Transaction, line.OrganizationId!, operation.Reach);
        await ExcludeToken.RunAsync(operation with { Entry = excluded }, line.OrganizationId!, line.TargetId, now);
        operation.Transaction.Record(excluded);
    }

    private static string Reason(ReviewLineRow line, string? comment) => comment ?? $"access review {line.ReviewId}";

    private static async Task EndAsync(OperationContext operation, ReviewLineRow line, string? comment, DateTimeOffset now)
    {
        var (tx, entry, _, reach, _) = operation;
        var family = CredentialFamily.Of(line.Kind);
        var address = new CredentialAddress(family, line.TargetId);
        var revoked = entry.With($"{family.Noun}.revoked");
        var ending = new Ending(Reason(line, comment), TakesDescendants: Ending.IsLeak(comment), TakesSuccessors: !family.IsSecret);
        await EndCredential.RunAsync(tx, revoked, () => address.FindAsync(tx, reach), ending, now);
        if (!revoked.ChangedNothing)
        {
            tx.Record(revoked);
        }
    }

    private async Task<AccessReviewLine> SignAsync(OperationContext operation, ReviewRow review, ReviewLineRow signed)
    {
        var (tx, entry, caller, _, _) = operation;
        entry.TargetType = ReviewsApi.Noun;
        entry.TargetId = review.Id;
        entry.OrganizationId = review.OrganizationId;
        entry.Reason = signed.Comment;
        entry.Changes = [AuditChanges.Of("line", null, signed.Id), AuditChanges.Of("decision", null, signed.Decision)];
        var row = signed with { DecidedBy = caller.Principal.Id, DecidedAt = entry.At };
        if (await ReviewStore.SignAsync(tx, row))
        {
            return await ShownAsync(operation, row);
        }

        var first = await ReviewStore.FindLineAsync(tx, review.Id, signed.Id);
        throw new ProblemException(
            409,
            ProblemCode.ReviewLineSigned,
            $"{first.DecidedByName ?? first.DecidedBy} signed the line already: {first.Decision}, at "
                + $"{TimestampConverter.Format(DateTimeOffset.FromUnixTimeMilliseconds(first.DecidedAt ?? 0))}."
        );
    }

    private async Task<AccessReviewLine> ShownAsync(OperationContext operation, ReviewLineRow line) =>
        (await ReviewStore.FindLineAsync(operation.Transaction, line.ReviewId, line.Id)).ToLine(
            operation.Catalog,
            time.GetUtcNow().ToUnixTimeMilliseconds()
        );

    private string? Comment(ReviewSignature signature)
    {
        var check = new Validation();
        var comment = signature.Comment?.Trim() is { Length: > 0 } text ? text : null;
        check.Text("comment", comment, LongestComment);
        check.ThrowIfAny();
        return comment is null ? null : brands.Redact(comment);
    }
}
