using Tokenry.Protocol.Api;

namespace Tokenry.Server.Features.Reports.Reviews;

/// <summary>A review as stored, with its progress.</summary>
internal sealed record ReviewRow
{
    public const string IdPrefix = "rvw";

    public string Id { get; init; } = "";

    public string? OrganizationId { get; init; }

    public long FromAt { get; init; }

    public long ToAt { get; init; }

    public long CreatedAt { get; init; }

    public string CreatedBy { get; init; } = "";

    public long Lines { get; init; }

    public long Kept { get; init; }

    public long Revoked { get; init; }

    public AccessReview ToReview() =>
        new()
        {
            Id = Id,
            Covers = OrganizationId ?? ReportCredentials.Server,
            From = DateTimeOffset.FromUnixTimeMilliseconds(FromAt),
            To = DateTimeOffset.FromUnixTimeMilliseconds(ToAt),
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            CreatedBy = CreatedBy,
            Progress = new(Lines, Kept, Revoked, Lines - Kept - Revoked),
        };
}
