using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.Reports.Reviews;

/// <summary>Opens an access review: a snapshot of the credentials that work, and of the roles that principals have, with a line for each.</summary>
public sealed class OpenReview(IdempotentGate gate, TimeProvider time)
{
    /// <summary>The most lines of a review: people read each of them.</summary>
    internal const int MostLines = 10_000;

    /// <summary>Who signs may act on what the lines name, so it is a right to change.</summary>
    internal static readonly Demand Write = new(ManagementApi.CredentialsWrite)
    {
        OrganizationScope = ManagementApi.OrganizationCredentials,
    };

    /// <param name="caller">The caller.</param>
    /// <param name="request">The time and the organization.</param>
    /// <exception cref="ProblemException">400: the time is not valid; 404: there is no such organization; 409: too many lines.</exception>
    public Task<AccessReview> RunAsync(Caller caller, AccessReviewRequest request) =>
        gate.WriteAsync(
            caller,
            Write,
            "review.opened",
            async operation =>
            {
                var (tx, entry, by, reach, catalog) = operation;
                var now = time.GetUtcNow();
                var (from, to) = ReportTime.Checked(request.From, request.To, now);
                if (request.Organization is { } asked)
                {
                    await OrganizationStore.FindAsync(tx, asked, reach);
                }

                var organization = reach.Organization ?? request.Organization;
                var review = new ReviewRow
                {
                    Id = PublicId.Create(ReviewRow.IdPrefix, PublicId.NewUuid7(now)),
                    OrganizationId = organization,
                    FromAt = from.ToUnixTimeMilliseconds(),
                    ToAt = to.ToUnixTimeMilliseconds(),
                    CreatedAt = now.ToUnixTimeMilliseconds(),
                    CreatedBy = by.Principal.Id,
                };
                var credentials = await CredentialsAsync(
                    tx,
                    review,
                    organization is null ? null : CredentialStore.OfOrganization("@OrganizationId")
                );
                var shared = organization is null
                    ? []
                    : await CredentialsAsync(tx, review, CredentialStore.Naming("@OrganizationId", "@mark"));
                var roles = await ReviewStore.RolesAsync(tx, organization, MostLines + 1);
                if (credentials.Count + shared.Count + roles.Count > MostLines)
                {
                    throw new ProblemException(
                        409,
                        ProblemCode.LimitReached,
                        $"The review would have more than {MostLines} lines. Review one organization at a time."
                    )
                    {
                        Limit = MostLines,
                    };
                }

                var names = await NamesAsync(tx, [.. credentials, .. shared]);
                ReviewLineRow[] lines =
                [
                    .. credentials
                        .Select(row => LineOf(row, catalog, names))
                        .Concat(shared.Select(row => LineOf(row, organization!, catalog, names)))
                        .Concat(roles.Select(role => LineOf(role, catalog)))
                        .OrderBy(line => line.OwnerId, StringComparer.Ordinal)
                        .ThenBy(line => line.TargetId, StringComparer.Ordinal),
                ];
                // The order of the ids is the order of the lines.
                var ids = lines.Select(_ => PublicId.Create(ReviewLineRow.IdPrefix, PublicId.NewUuid7(now))).Order(StringComparer.Ordinal);
                await ReviewStore.InsertAsync(tx, review, [.. lines.Zip(ids, (line, id) => line with { Id = id, ReviewId = review.Id })]);
                entry.TargetType = ReviewsApi.Noun;
                entry.TargetId = review.Id;
                entry.OrganizationId = organization;
                entry.Changes =
                [
                    AuditChanges.Of("covers", null, organization ?? ReportCredentials.Server),
                    AuditChanges.Of("lines", null, lines.Length),
                ];
                return (review with { Lines = lines.Length }).ToReview();
            }
        );

    /// <summary>The credentials that could be used in the time and still can.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="review">The review.</param>
    /// <param name="ids">A SELECT of the ids of those that count; <c>null</c> = all do.</param>
    private static Task<IReadOnlyList<CredentialRow>> CredentialsAsync(WriteTransaction tx, ReviewRow review, string? ids) =>
        tx.QueryAsync<CredentialRow>(
            $"""
            {CredentialRow.Select} WHERE {ReportFinding.Reported} AND c.state <> 'revoked' AND (c.expires_at IS NULL OR c.expires_at > @CreatedAt)
              AND p.deleted_at IS NULL{(ids is null ? "" : $" AND c.id IN ({ids})")} ORDER BY c.owner_id, c.id LIMIT @most
            """,
            new
            {
                from = review.FromAt,
                to = review.ToAt,
                review.CreatedAt,
                review.OrganizationId,
                mark = StoredGrant.MarkOf(review.OrganizationId ?? ""),
                most = MostLines + 1,
            }
        );

    private static async Task<IReadOnlyDictionary<string, string>> NamesAsync(WriteTransaction tx, IReadOnlyList<CredentialRow> rows)
    {
        string[] ids = [.. rows.Select(row => row.OwnerId).Distinct(StringComparer.Ordinal)];
        return (await PrincipalStore.OfIdsAsync(tx, ids)).ToDictionary(row => row.Id, row => row.Name, StringComparer.Ordinal);
    }

    private static ReviewLineRow LineOf(CredentialRow row, Catalog catalog, IReadOnlyDictionary<string, string> names)
    {
        var shown = row.ToCredential(catalog, row.CreatedAt);
        return new()
        {
            Kind = row.Kind,
            OwnerType = row.OwnerType,
            OwnerId = row.OwnerId,
            OwnerName = names.GetValueOrDefault(row.OwnerId, row.OwnerId),
            TargetId = row.Id,
            Name = row.Name,
            OrganizationId = row.OrganizationId,
            Permissions = ReviewWords.Of(shown),
            ExpiresAt = row.ExpiresAt,
            LastUsedAt = row.LastUsedAt,
            Stated = $"{row.State}.{row.Revision}",
        };
    }

    /// <summary>A member's token that acts here among others. Neither its name nor its last use is this organization's to know.</summary>
    private static ReviewLineRow LineOf(CredentialRow row, string organization, Catalog catalog, IReadOnlyDictionary<string, string> names)
    {
        var there = GrantSet.Of(row.Permissions!).In(organization);
        return new()
        {
            Kind = ReviewLineRow.MemberToken,
            OwnerType = row.OwnerType,
            OwnerId = row.OwnerId,
            OwnerName = names.GetValueOrDefault(row.OwnerId, row.OwnerId),
            TargetId = row.Id,
            Name = row.Masked,
            OrganizationId = organization,
            Permissions = ReviewWords.Of(there, catalog),
            ExpiresAt = row.ExpiresAt,
            Stated = ReviewWords.OfMemberToken(catalog, row.State, there),
        };
    }

    private static ReviewLineRow LineOf(HeldRole held, Catalog catalog)
    {
        var words = ReviewWords.OfRole(catalog, held.RoleId, held.Objects);
        return new()
        {
            Kind = held.Objects is null ? ReviewLineRow.Role : ReviewLineRow.ObjectRole,
            OwnerType = held.OwnerType,
            OwnerId = held.OwnerId,
            OwnerName = held.OwnerName,
            TargetId = held.RoleId,
            Name = catalog.Role(held.RoleId)?.Name ?? held.RoleId,
            OrganizationId = held.OrganizationId,
            Permissions = words,
            Stated = words,
        };
    }
}
