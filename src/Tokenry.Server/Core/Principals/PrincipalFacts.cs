using Tokenry.Server.Core.Apis;

namespace Tokenry.Server.Core.Principals;

/// <summary>Values of <c>principals.type</c>.</summary>
public static class PrincipalType
{
    public const string User = "user";
    public const string Application = "application";
}

/// <summary>The facts that the server needs about a user or application to decide.</summary>
public sealed record PrincipalFacts
{
    public required string Id { get; init; }

    public required string Type { get; init; }

    public required string Name { get; init; }

    /// <summary>Neither disabled nor deleted, and neither is the owner that bounds it.</summary>
    public required bool Active { get; init; }

    /// <summary>For an application: the user who registered it as their own.</summary>
    public string? OwnerId { get; init; }

    /// <summary>The owner of its owner, at the time these facts were read. A transaction that needs it reads the principal itself.</summary>
    public string? OwnerOwnerId { get; init; }

    /// <summary>Whether an application has no more rights than its owner, and is inactive while its owner is.</summary>
    public bool IsOwnerBound { get; init; }

    /// <summary>The owner that bounds it, as it is now; <c>null</c> = no owner bounds it.</summary>
    public PrincipalFacts? Owner { get; init; }

    public required string[] RoleIds { get; init; }

    /// <summary>For an application: its permissions beside its roles; <c>null</c> = none.</summary>
    public GrantSet? Permissions { get; init; }

    /// <summary>For an application, over all that is its own; <c>null</c> = not limited.</summary>
    public IReadOnlyList<UseLimit>? RateLimits { get; init; }

    /// <summary>For an application: its settings as an OAuth client.</summary>
    public ClientSettings Client { get; init; } = ClientSettings.Default;

    /// <summary>Unix ms: access tokens of which it is subject or client and whose <c>jti</c> is older are refused; 0 = none is.</summary>
    public long TokensSince { get; init; }

    public bool IsUser => Type == PrincipalType.User;

    /// <summary>
    /// The longest line of owners: a user owns an application, which registers another. A longer line (in a store older than this bound) ends there, and its
    /// first member has no rights.
    /// </summary>
    public const int LongestLine = 3;

    /// <summary>The first member of a line, bounded by all others. Each member is the owner of the one before.</summary>
    public static PrincipalFacts Bounded(IReadOnlyList<PrincipalFacts> line)
    {
        PrincipalFacts? owner = null;
        for (var i = line.Count - 1; i >= 0; i--)
        {
            owner = line[i].IsOwnerBound ? line[i].Under(owner) : line[i];
        }

        return owner!;
    }

    /// <summary>The same application, bounded by that owner. If the owner is gone, the application has no rights.</summary>
    public PrincipalFacts Under(PrincipalFacts? owner) => this with { Owner = owner, Active = Active && owner is { Active: true } };
}
