using Tokenry.Protocol.Api;

namespace Tokenry.Server.Features.Notices;

/// <summary>A notice as stored.</summary>
internal sealed record NoticeRow
{
    public const string Columns =
        "id, user_id, event, at, kind, target_type, target_id, name, organization_id, reason, mail_at, mail_attempts";

    /// <summary>The prefix of the public ids of notices.</summary>
    public const string IdPrefix = "ntc";

    public string Id { get; init; } = "";

    public string UserId { get; init; } = "";

    /// <summary>The event that it comes from. A person gets one notice of an event.</summary>
    public string Event { get; init; } = "";

    public long At { get; init; }

    public string Kind { get; init; } = "";

    public string TargetType { get; init; } = "";

    public string TargetId { get; init; } = "";

    public string Name { get; init; } = "";

    public string? OrganizationId { get; init; }

    public string? Reason { get; init; }

    /// <summary>When the next attempt to mail it is due (Unix ms); <c>null</c> = none.</summary>
    public long? MailAt { get; init; }

    public long MailAttempts { get; init; }

    public Notice ToNotice() =>
        new()
        {
            Id = Id,
            At = DateTimeOffset.FromUnixTimeMilliseconds(At),
            Kind = Kind,
            TargetType = TargetType,
            TargetId = TargetId,
            Name = Name,
            OrganizationId = OrganizationId,
            Reason = Reason,
        };
}
