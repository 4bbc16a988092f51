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

    /// <summary>The organizations in which it has roles.</summary>
    public IReadOnlyList<Membership> Memberships { get; init; } = [];

    /// <summary>The roles that it has on some objects only, everywhere and in all its organizations.</summary>
    public IReadOnlyList<HeldObjectRole> ObjectRoles { get; init; } = [];

    /// <summary>For an application: the organization that owns it, as it was read.</summary>
    public OrganizationFacts? Home { get; init; }

    /// <summary>The organization in which it acts; <c>null</c> = in none. An application that an organization owns acts in no other.</summary>
    public string? ActsIn { get; init; }

    /// <summary>Its roles in the organization in which it acts.</summary>
    public string[] RolesThere { get; init; } = [];

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
    /// <param name="line">The line.</param>
    /// <param name="organization">The organization in which the first acts; <c>null</c> = the one that owns it, if there is one.</param>
    public static PrincipalFacts Bounded(IReadOnlyList<PrincipalFacts> line, OrganizationFacts? organization = null)
    {
        PrincipalFacts? owner = null;
        for (var i = line.Count - 1; i >= 0; i--)
        {
            var next = line[i];
            next = (organization ?? next.Home) is { } acts ? next.In(acts.Id, acts) : next;
            owner = next.IsOwnerBound ? next.Under(owner) : next;
        }

        return owner!;
    }

    /// <summary>
    /// The same application, bounded by that owner. If the owner is gone or does not act in the same organization, the application has no rights.
    /// </summary>
    public PrincipalFacts Under(PrincipalFacts? owner) =>
        this with
        {
            Owner = owner,
            Active = Active && owner is { Active: true } && owner.ActsIn == ActsIn,
        };

    /// <summary>
    /// The principal as it acts; if that is in no organization, also as it would act in each of its organizations. They count as enabled.
    /// </summary>
    public IEnumerable<PrincipalFacts> ActsInEach() =>
        ActsIn is not null ? [this] : Memberships.Select(member => InEnabled(member.OrganizationId)).Prepend(this);

    /// <summary>Whether it can act in an organization: it is owned by that one, or is a member there and owned by none.</summary>
    public bool BelongsTo(string organizationId) =>
        Home is null ? Memberships.Any(member => member.OrganizationId == organizationId) : Home.Id == organizationId;

    /// <summary>
    /// The same principal as it acts in an organization, with its roles there. It is inactive there unless it is a member or belongs to the organization, and
    /// the organization is enabled.
    /// </summary>
    /// <param name="organizationId">The organization.</param>
    /// <param name="organization">Its facts; <c>null</c> = deleted.</param>
    public PrincipalFacts In(string organizationId, OrganizationFacts? organization)
    {
        var membership = Memberships.FirstOrDefault(member => member.OrganizationId == organizationId);
        var owner = Owner?.In(organizationId, organization);
        return this with
        {
            ActsIn = organizationId,
            RolesThere = membership?.RoleIds ?? [],
            Owner = owner,
            Active = Active && BelongsTo(organizationId) && organization is { IsEnabled: true } && owner is not { Active: false },
        };
    }

    /// <summary>Whether what it may do depends on objects, by roles of its own or of an owner that bounds it. Most principals have none.</summary>
    public bool HasObjectRoles => ObjectRoles.Count > 0 || Owner is { HasObjectRoles: true };

    /// <summary>The roles on objects that count where it acts.</summary>
    public IEnumerable<HeldObjectRole> ObjectRolesThere =>
        ObjectRoles.Where(role => role.OrganizationId is null || role.OrganizationId == ActsIn);

    /// <summary>Its roles on objects, at every place, and those of the owners that bound it.</summary>
    internal IEnumerable<HeldObjectRole> ObjectRolesOfLine() => Owner is null ? ObjectRoles : ObjectRoles.Concat(Owner.ObjectRolesOfLine());

    /// <summary>
    /// The same as if the organization were enabled: for what a credential can reach one day, because a disabled organization may be enabled at any time.
    /// </summary>
    public PrincipalFacts InEnabled(string organizationId) => In(organizationId, new(organizationId, IsEnabled: true));
}
