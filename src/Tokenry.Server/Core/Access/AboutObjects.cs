using System.Runtime.InteropServices;
using Tokenry.Protocol.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Authentication;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Access;

/// <summary>
/// The objects that a question about rights is about. Roles that a principal has on some objects only count for these; asked about no object, they count for
/// nothing (docs/decisions/0109-roles-on-objects.md).
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly struct AboutObjects
{
    private readonly string? one;
    private readonly Authenticated? credential;
    private readonly IReadOnlyList<ObjectPattern>? patterns;
    private readonly bool any;

    private AboutObjects(string? one, Authenticated? credential, IReadOnlyList<ObjectPattern>? patterns, bool any) =>
        (this.one, this.credential, this.patterns, this.any) = (one, credential, patterns, any);

    /// <summary>About no object.</summary>
    public static AboutObjects None => default;

    /// <summary>About the object that a request names; if it names none, about all objects to which its credential is limited.</summary>
    public static AboutObjects Of(string? asked, Authenticated credential) => new(asked, credential, patterns: null, any: false);

    /// <summary>About everything that matches these patterns: what may be done on each of them.</summary>
    /// <param name="patterns">They; <c>null</c> = about no object.</param>
    public static AboutObjects Each(IReadOnlyList<ObjectPattern>? patterns) => new(one: null, credential: null, patterns, any: false);

    /// <summary>About whatever a request may name one day.</summary>
    /// <param name="within">Only what a credential limited to these could name; <c>null</c> = any object.</param>
    public static AboutObjects Any(IReadOnlyList<ObjectPattern>? within = null) => new(one: null, credential: null, within, any: true);

    /// <summary>What the roles on objects of a principal give there. Nothing at an API without objects, Tokenry's own among them.</summary>
    internal ScopeSet Given(Catalog catalog, PrincipalFacts principal, ApiResourceFacts api)
    {
        if (api.ObjectTypes.Length == 0)
        {
            return ScopeSet.Empty;
        }

        if (any)
        {
            var within = patterns;
            return Union(pattern => within is null || within.Any(limit => limit.Covers(pattern) || pattern.Covers(limit)));
        }

        if (one is { } named)
        {
            return Union(pattern => pattern.Matches(named));
        }

        // What it may do on each of them: a credential for two objects gets no right from a role on one of them. Objects of other APIs do not matter here.
        ScopeSet? given = null;
        foreach (var limit in patterns ?? (credential is null ? null : AccessDecision.Objects(credential)) ?? [])
        {
            if (!api.ObjectTypes.Contains(limit.Type))
            {
                continue;
            }

            var there = Union(pattern => pattern.Covers(limit));
            given = given?.Intersect(there) ?? there;
        }

        return given ?? ScopeSet.Empty;

        ScopeSet Union(Func<ObjectPattern, bool> counts)
        {
            var scopes = ScopeSet.Empty;
            foreach (var held in principal.ObjectRolesThere)
            {
                if (api.ObjectTypes.Contains(held.Pattern.Type) && counts(held.Pattern) && catalog.Role(held.RoleId) is { } role)
                {
                    scopes = scopes.Union(role.Permissions.At(api));
                }
            }

            return scopes;
        }
    }
}
