using System.Text.Json.Serialization;

namespace Tokenry.Protocol.Api;

/// <summary>Id and name of a principal.</summary>
public sealed record PrincipalName(string Id, string Name);

/// <summary>Answer of <c>GET /v1/me</c>: identifies the calling credential. Clients use it to test their connection.</summary>
public sealed record Me
{
    /// <summary>One of <see cref="CredentialKind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>The credential's public id.</summary>
    public string? CredentialId { get; init; }

    /// <summary>Enough of the secret to recognise it; absent for access tokens.</summary>
    public string? Masked { get; init; }

    /// <summary>The credential's name.</summary>
    public string? Name { get; init; }

    /// <summary>The acting user or application; <c>null</c> for an anonymous key.</summary>
    public string? Subject { get; init; }

    /// <summary>One stable line that names this connection for a person.</summary>
    public required string Label { get; init; }

    /// <summary>The user, if a user acts.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PrincipalName? User { get; init; }

    /// <summary>The application, if an application acts.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PrincipalName? Application { get; init; }

    /// <summary>The organization in which it acts.</summary>
    public string? OrganizationId { get; init; }

    /// <summary>What it may do now, API by API.</summary>
    public required IReadOnlyList<Permission> Permissions { get; init; }

    /// <summary>When it expires.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
