using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>Decides who may give which roles on some objects only (docs/decisions/0109-roles-on-objects.md).</summary>
public static class ObjectRoleAssignment
{
    /// <summary>The most roles in a request, patterns of one role, and patterns together at one place: a check looks at each.</summary>
    private const int Most = 100;

    /// <summary>
    /// The requested roles on objects: each role is known and gives something on objects of these types, and what the principal does not have yet reaches no
    /// further than the caller, as if it were given on all objects.
    /// </summary>
    /// <param name="operation">The operation.</param>
    /// <param name="asked">The requested roles on objects.</param>
    /// <param name="held">Those that the principal has at that place.</param>
    /// <param name="organizationId">The place; <c>null</c> = wherever the principal acts.</param>
    public static IReadOnlyList<HeldObjectRole> Check(
        OperationContext operation,
        IReadOnlyList<ObjectRole>? asked,
        IReadOnlyList<HeldObjectRole> held,
        string? organizationId
    )
    {
        var catalog = operation.Catalog;
        var check = new Validation();
        check.Require(asked is not { Count: > Most }, "items", TooMany);
        var wanted = new List<HeldObjectRole>();
        foreach (var item in (asked ?? []).Take(Most))
        {
            if (item is not { Role: not null, Objects: not null })
            {
                check.Require(false, "items", "each needs role and objects");
                continue;
            }

            foreach (var one in Named(check, catalog, item, organizationId))
            {
                // What was given stays, also if the API or the role does not mean these objects any more.
                check.Require(held.Any(one.Is) || Means(catalog, one), "objects", NotMeant(one.Pattern));
                if (!wanted.Any(one.Is))
                {
                    wanted.Add(one);
                }
            }
        }

        check.Require(wanted.Count <= Most, "items", TooMany);
        check.ThrowIfAny();
        RoleAssignment.CheckReach(operation, Rights.OfObjectRoles(catalog, Beyond(held, wanted)));
        return wanted;
    }

    /// <summary>The types of objects for which a role can be given: those of the APIs at which it has permissions.</summary>
    public static IEnumerable<string> TypesOf(Catalog catalog, RoleFacts role) =>
        catalog
            .Resources.Where(api => !role.Permissions.At(api).IsEmpty)
            .SelectMany(api => api.ObjectTypes)
            .Distinct(StringComparer.Ordinal);

    private static FieldFault TooMany => new("too_many", $"more than {Most} roles or patterns", ("n", Most));

    /// <summary>What the principal would have beyond what it has: further roles, or roles on further objects.</summary>
    public static IEnumerable<HeldObjectRole> Beyond(IReadOnlyList<HeldObjectRole> held, IEnumerable<HeldObjectRole> wanted) =>
        wanted.Where(one => !held.Any(known => known.Includes(one)));

    private static bool Means(Catalog catalog, HeldObjectRole one) =>
        catalog.Role(one.RoleId) is not { } role || TypesOf(catalog, role).Contains(one.Pattern.Type, StringComparer.Ordinal);

    private static FieldFault NotMeant(ObjectPattern pattern) =>
        new(
            "not_object_type",
            $"'{pattern}': no API at which the role has permissions declares the object type {pattern.Type}",
            ("value", pattern.ToString()),
            ("type", pattern.Type)
        );

    private static List<HeldObjectRole> Named(Validation check, Catalog catalog, ObjectRole item, string? organizationId)
    {
        var (id, objects) = item;
        var role = catalog.Role(id);
        check.Require(
            role is not null,
            "role",
            new FieldFault(
                "not_role",
                $"'{Validation.Shown(id)}' is not the id of a role; see GET /v1/roles",
                ("value", Validation.Shown(id))
            )
        );
        check.Require(
            role is not { BuiltIn: true },
            "role",
            $"'{Validation.Shown(id)}' is a built-in role, which gives rights at Tokenry's own API; that API has no objects"
        );
        check.Require(
            objects.Count is > 0 and <= Most,
            "objects",
            new FieldFault("objects_count", $"needs 1 to {Most} patterns", ("n", Most))
        );
        var named = new List<HeldObjectRole>();
        foreach (var text in objects.Take(Most))
        {
            var shown = Validation.Shown(text);
            if (ObjectPattern.TryParse(text, out var pattern))
            {
                named.Add(new(organizationId, id, pattern));
                continue;
            }

            check.Require(
                false,
                "objects",
                new FieldFault(
                    "not_object_pattern",
                    $"'{shown}' is not a pattern type:id, such as base:app123 or workspace:* (one * at the end at most, no .. and no //)",
                    ("value", shown)
                )
            );
        }

        return named;
    }
}
