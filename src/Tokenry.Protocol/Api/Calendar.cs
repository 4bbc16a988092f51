using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>The calendar of a person: an address where calendar programs read when credentials expire or should be replaced (RFC 5545).</summary>
public sealed class Calendar
{
    /// <summary>Whether there is one.</summary>
    public required bool Exists { get; init; }

    /// <summary>When it was made; <c>null</c> = there is none.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>
    /// Whether it also has the credentials of organizations that the person administers: a calendar that the person made on the page has them, one that a
    /// credential made has not. <c>null</c> = there is no calendar.
    /// </summary>
    public bool? CoversOrganizations { get; init; }

    /// <summary>Only in the answer to its creation: the address for the calendar program. Its holder can read the calendar.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Url { get; init; }
}
