using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Access;

/// <summary>A credential as it would be after an operation; the input of the minting rule.</summary>
public sealed record MintedCredential
{
    public required PrincipalFacts Owner { get; init; }

    /// <summary>Its own permissions; <c>null</c> = all the owner's at other APIs.</summary>
    public GrantSet? Permissions { get; init; }

    /// <summary>Whether it grows with its owner's rights, at other APIs.</summary>
    public bool FollowsOwner => Permissions is null && !ReachesAll && !ReachesNothing;

    /// <summary>Whether it can reach everything its owner may do, including management rights: a client secret, which buys tokens for any API.</summary>
    public bool ReachesAll { get; init; }

    /// <summary>Whether it can reach nothing: an anonymous key.</summary>
    public bool ReachesNothing { get; init; }

    public CredentialTerms Terms { get; init; } = CredentialTerms.None;

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>
    /// What it can be: itself, or for a personal access token that acts in several organizations, what it is outside them and in each. They count as enabled: a
    /// disabled one may be enabled at any time.
    /// </summary>
    internal IEnumerable<MintedCredential> Parts() =>
        Permissions is not { Organizations.Count: > 0 } grants
            ? [this]
            :
            [
                this,
                .. grants.Organizations.Select(there =>
                    this with
                    {
                        Owner = Owner.InEnabled(there.OrganizationId),
                        Permissions = there.Grants,
                    }
                ),
            ];

    /// <summary>Whether the operation leaves its rights, networks, limits and expiry unchanged, for example a new name.</summary>
    public bool IsAsStrong { get; init; }
}

/// <summary>
/// No caller makes, edits or rotates a credential stronger than the caller is. For the caller itself and for applications it owns, the credential stays
/// within the calling credential's effective rights, objects, addresses, limits and expiry. It also names no more than the calling credential names. For
/// other owners, it stays within that owner's rights, and the caller must hold every management right it can reach. The rule always checks the resulting
/// credential.
/// </summary>
public static class MintingRule
{
    /// <exception cref="ProblemException">403 with what exceeds what.</exception>
    public static void Check(Catalog catalog, Caller caller, Reach reach, MintedCredential minted)
    {
        CheckWithinOwner(catalog, minted);
        CheckExisting(catalog, caller, reach, minted);
    }

    /// <summary>
    /// Checks what a caller approves by the same measure: within the rights of its owner, no management right that the caller does not hold, and for a caller
    /// of an organization no right beyond the caller's. The caller learns no secret, so that neither its own expiry nor its networks count, nor whose token it is.
    /// </summary>
    /// <inheritdoc cref="Check"/>
    public static void CheckApproved(Catalog catalog, Caller caller, Reach reach, MintedCredential minted)
    {
        CheckWithinOwner(catalog, minted);
        foreach (var part in minted.Parts())
        {
            CheckManagement(caller, ReachedManagement(catalog, part));
            if (reach.IsAll)
            {
                continue;
            }

            if (!ReferenceEquals(part, minted) && part.Owner.ActsIn != caller.OrganizationId)
            {
                throw Problems.ExceedsOwn("It would act in another organization than the calling credential.");
            }

            CheckWithinOwn(catalog, caller, Reached(catalog, part));
            CheckOnObjects(catalog, caller, part);
        }
    }

    private static void CheckWithinOwner(Catalog catalog, MintedCredential minted)
    {
        foreach (var part in minted.Parts())
        {
            var owner = OnceEnabled(part.Owner);
            var about = AboutObjects.Any(part.Terms.ObjectPatterns());
            foreach (var grant in part.Permissions?.Grants ?? [])
            {
                if (
                    catalog.ResourceById(grant.ResourceId) is { } api
                    && grant.At(api).Except(Rights.Of(catalog, owner, api, about)) is { IsEmpty: false } beyond
                )
                {
                    throw Problems.ExceedsOwner($"The owner has no right to {beyond} at {api.Identifier}.");
                }
            }
        }
    }

    /// <summary>Checks a credential whose permissions exist already. Its owner may have lost rights since, and a rotation must not fail for that.</summary>
    /// <inheritdoc cref="Check"/>
    public static void CheckExisting(Catalog catalog, Caller caller, Reach reach, MintedCredential minted)
    {
        foreach (var part in minted.Parts())
        {
            // In each organization that it names, the caller gives what it has there; if the calling credential does not act there, CheckOrganization refuses.
            var there = ReferenceEquals(part, minted) ? null : caller.ActingIn(catalog, part.Owner.ActsIn!);
            CheckPart(catalog, there ?? caller, reach, part);
        }
    }

    private static void CheckPart(Catalog catalog, Caller caller, Reach reach, MintedCredential minted)
    {
        var reached = Reached(catalog, minted);
        CheckManagement(caller, ReachedManagement(catalog, minted));
        var forOneself = minted.Owner.Id == caller.Principal.Id;
        if (forOneself || !reach.IsAll)
        {
            CheckOrganization(caller, reach, minted);
            CheckWithinOwn(catalog, caller, reached);
            CheckOnObjects(catalog, caller, minted);
            CheckNamed(catalog, caller, minted);
            if (minted.FollowsOwner && !caller.FollowsOwner)
            {
                throw Problems.ExceedsOwn("It would grow with its owner's rights, and the calling credential does not.");
            }
        }

        if (IsOwn(caller, minted.Owner) && !minted.IsAsStrong)
        {
            CheckLimits(caller, minted);
        }
    }

    /// <summary>
    /// Whether a credential of that principal is the caller's own: for the caller itself, for an application below it, or for an application of the organization
    /// in which the caller acts.
    /// </summary>
    public static bool IsOwn(Caller caller, PrincipalFacts owner) =>
        OwnerLine.Includes(caller.Principal.Id, owner.Id, owner.OwnerId, owner.OwnerOwnerId)
        || (owner.Home is { } home && home.Id == caller.OrganizationId);

    /// <summary>
    /// A caller makes credentials of its own for the organization in which it acts itself. A caller that may change all organizations could make itself a member
    /// of any. An organization's administrator ends the tokens of its members but does not make or change them: they act as the member.
    /// </summary>
    private static void CheckOrganization(Caller caller, Reach reach, MintedCredential minted)
    {
        if (minted.Owner.IsUser && minted.Owner.Id != caller.Principal.Id && reach.Organization is not null)
        {
            throw Problems.ExceedsOwn("It is a token of another user, who alone can make or change it.");
        }

        var isOther =
            minted.Owner.ActsIn != caller.OrganizationId || minted is { ReachesAll: true, Owner: { ActsIn: null, Memberships.Count: > 0 } };
        if (isOther && !(reach.IsAll && caller.Management.Contains(ManagementApi.OrganizationsWrite)))
        {
            throw Problems.ExceedsOwn("It would act in another organization than the calling credential.");
        }
    }

    /// <summary>A caller who changes a principal, its roles, its password or a role must hold every management right that is reachable through it.</summary>
    public static void CheckManagement(Caller caller, ScopeSet reached)
    {
        var beyond = reached.Except(caller.Management);
        if (!beyond.IsEmpty)
        {
            throw Problems.ExceedsOwn($"This reaches the management right {beyond}.");
        }
    }

    /// <summary>A developer who assigns roles gives no more than the developer has.</summary>
    public static void CheckWithinOwn(Catalog catalog, Caller caller, PermissionSet reached)
    {
        foreach (var (api, scopes) in reached.Entries)
        {
            var beyond = scopes.Except(caller.EffectiveAt(catalog, api));
            if (!beyond.IsEmpty)
            {
                throw Problems.ExceedsOwn($"The calling credential has no right to {beyond} at {api}.");
            }
        }
    }

    /// <summary>
    /// What the credential would reach on objects, by roles that its owner, or the owner that bounds that one, has on them, lies within what the caller has on
    /// the same objects. Patterns contain one another or have nothing in common, so it is enough to look at each.
    /// </summary>
    private static void CheckOnObjects(Catalog catalog, Caller caller, MintedCredential minted)
    {
        if (minted.ReachesNothing)
        {
            return;
        }

        var limits = minted.Terms.ObjectPatterns();
        var owner = OnceEnabled(minted.Owner);
        foreach (var acting in minted.ReachesAll ? owner.ActsInEach() : [owner])
        {
            foreach (var pattern in acting.ObjectRolesOfLine().SelectMany(role => role.Within(limits)))
            {
                var about = AboutObjects.Each([pattern]);
                var reached = Rights.Everywhere(catalog, acting, api => minted.Permissions?.At(api), about);
                foreach (var (api, scopes) in reached.Entries.Where(entry => entry.Api != ManagementApi.Identifier))
                {
                    if (scopes.Except(caller.EffectiveAt(catalog, api, about)) is { IsEmpty: false } beyond)
                    {
                        throw Problems.ExceedsOwn($"The calling credential has no right to {beyond} at {api} on {pattern}.");
                    }
                }
            }
        }
    }

    /// <summary>
    /// Checks the named permissions as well, not only what the owner may do now. If a demoted owner is promoted again, the credential would otherwise open
    /// more than the calling credential ever can.
    /// </summary>
    private static void CheckNamed(Catalog catalog, Caller caller, MintedCredential minted)
    {
        if (caller.FollowsOwner || minted.ReachesNothing)
        {
            return; // a credential without permissions names all future ones too
        }

        var named = minted.Permissions is { } grants ? Rights.OfGrants(catalog, grants) : Rights.Named(catalog, minted.Owner);
        var beyond = named.Except(api => api == ManagementApi.Identifier ? ManagementApi.Scopes : caller.NamedAt(catalog, api));
        if (!beyond.IsEmpty)
        {
            var (api, scopes) = beyond.Entries[0];
            throw Problems.ExceedsOwn($"It names {scopes} at {api}, which the calling credential does not.");
        }
    }

    private static PermissionSet Reached(Catalog catalog, MintedCredential minted)
    {
        if (minted.ReachesNothing)
        {
            return PermissionSet.Empty;
        }

        var owner = OnceEnabled(minted.Owner);
        if (minted.ReachesAll)
        {
            return PermissionSet.Of(
                catalog.Resources.SelectMany(api => owner.ActsInEach().Select(acting => (api.Identifier, Rights.Of(catalog, acting, api))))
            );
        }

        var reached = Rights.Everywhere(catalog, owner, api => minted.Permissions?.At(api), AboutObjects.None);
        // The management API has no object types: a credential limited to objects opens nothing there (AccessDecision.Decide).
        return minted.Terms.Objects is null
            ? reached
            : PermissionSet.Of(reached.Entries.Where(entry => entry.Api != ManagementApi.Identifier));
    }

    /// <summary>
    /// The permissions that the credential names count, not what the owner may do now. A demoted owner may be promoted again, and so may the user who bounds
    /// an application.
    /// </summary>
    private static ScopeSet ReachedManagement(Catalog catalog, MintedCredential minted) =>
        minted.ReachesAll
            ? (OnceEnabled(minted.Owner) with { Owner = null })
                .ActsInEach()
                .Aggregate(ScopeSet.Empty, (all, acting) => all.Union(Rights.Of(catalog, acting, ManagementApi.Resource)))
        : minted.ReachesNothing || minted.Terms.Objects is not null ? ScopeSet.Empty
        : minted.Permissions?.At(ManagementApi.Resource) ?? ScopeSet.Empty;

    /// <summary>A disabled owner has no rights now, but a credential made meanwhile gets the owner's rights once the owner is enabled again.</summary>
    private static PrincipalFacts OnceEnabled(PrincipalFacts owner) =>
        owner with
        {
            Active = true,
            Owner = owner.Owner is { } bound ? OnceEnabled(bound) : null,
        };

    /// <summary>
    /// A credential that a caller makes for itself or for its applications is bounded by the calling credential's expiry, limits, objects and networks.
    /// </summary>
    public static void CheckLimits(Caller caller, MintedCredential minted)
    {
        if (caller.ExpiresAt is { } end && (minted.ExpiresAt is null || minted.ExpiresAt > end))
        {
            throw Problems.ExceedsOwn(
                $"It would outlive the calling credential, which ends at {Protocol.Api.TimestampConverter.Format(end)}."
            );
        }

        if (caller.Objects is { } own && !Covers(own, minted.Terms.Objects))
        {
            throw Problems.ExceedsOwn("It would reach objects that the calling credential does not.");
        }

        if (caller.Terms?.Exceeded(minted.Terms) is { } exceeded)
        {
            throw Problems.ExceedsOwn(exceeded);
        }

        var limits = UseLimit.Of(minted.Terms.RateLimits);
        foreach (var limit in LimitsOf(caller, minted.Owner))
        {
            if (!Covers(limit, limits) && !Covers(limit, minted.Owner.RateLimits))
            {
                throw Problems.ExceedsOwn($"It would be used more often than the limit {limit.Name} lets the calling credential be used.");
            }
        }
    }

    /// <summary>
    /// The limits that bind what is made for that principal: those of the calling credential, and those of the calling application over all that is its own.
    /// The latter count what the application makes for itself in any case.
    /// </summary>
    public static IReadOnlyList<UseLimit> LimitsOf(Caller caller, PrincipalFacts owner) =>
        [.. caller.Terms?.RateLimits ?? [], .. owner.Id == caller.Principal.Id ? [] : caller.Principal.RateLimits ?? []];

    internal static bool Covers(UseLimit limit, IReadOnlyList<UseLimit>? limits) =>
        limits?.Any(other => other.Span == limit.Span && other.Limit <= limit.Limit) == true;

    private static bool Covers(IReadOnlyList<ObjectPattern> own, IReadOnlyList<string>? asked) =>
        asked is not null && asked.All(text => ObjectPattern.TryParse(text, out var pattern) && own.Any(wide => wide.Covers(pattern)));
}
