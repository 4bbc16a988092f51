using Tokenry.Protocol.Api;

namespace Tokenry.Server.Core.Principals;

/// <summary>An organization as stored.</summary>
public sealed class OrganizationRow
{
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public long Enabled { get; init; }

    public long CreatedAt { get; init; }

    public Organization ToOrganization() =>
        new()
        {
            Id = Id,
            Name = Name,
            Enabled = Enabled == 1,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
        };
}

/// <summary>A member of an organization as stored.</summary>
public sealed record MemberRow
{
    public string Id { get; init; } = "";

    public string Type { get; init; } = "";

    public string Name { get; init; } = "";

    public IReadOnlyList<string> Roles { get; init; } = [];

    public OrganizationMember ToMember() =>
        new()
        {
            Id = Id,
            Type = Type,
            Name = Name,
            Roles = Roles,
        };
}

/// <summary>What an organization has: only an empty one can be deleted.</summary>
public sealed class OrganizationContent
{
    public long Members { get; init; }

    public long Applications { get; init; }

    public long Credentials { get; init; }

    public bool IsEmpty => Members + Applications + Credentials == 0;
}
