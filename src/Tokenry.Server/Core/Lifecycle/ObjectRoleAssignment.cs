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

            foreach (var pattern in Patterns(check, catalog, item))
            {
                var one = new HeldObjectRole(organizationId, item.Role, pattern);
                if (!wanted.Any(one.Is))
                {
                    wanted.Add(one);
                }
            }
        }

        check.Require(wanted.Count <= Most, "items", TooMany);
        check.ThrowIfAny();
        RoleAssignment.CheckReach(operation, Given(catalog, wanted.Where(one => !held.Any(one.Is))));
        return wanted;
    }

    /// <summary>What roles on objects give, as if on all objects. Tokenry's own API has no objects.</summary>
    public static PermissionSet Given(Catalog catalog, IEnumerable<HeldObjectRole> roles) =>
        PermissionSet.OfDistinct(
            Rights
                .OfRoles(catalog, [.. roles.Select(role => role.RoleId).Distinct(StringComparer.Ordinal)])
                .Entries.Where(entry => entry.Api != ManagementApi.Identifier)
        );

    /// <summary>The types of objects for which a role can be given: those of the APIs at which it has permissions.</summary>
    public static IEnumerable<string> TypesOf(Catalog catalog, RoleFacts role) =>
        catalog
            .Resources.Where(api => !role.Permissions.At(api).IsEmpty)
            .SelectMany(api => api.ObjectTypes)
            .Distinct(StringComparer.Ordinal);

    private static FieldFault TooMany => new("too_many", $"more than {Most} roles or patterns", ("n", Most));

    private static List<ObjectPattern> Patterns(Validation check, Catalog catalog, ObjectRole item)
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
        var types = role is null ? null : TypesOf(catalog, role).ToList();
        var patterns = new List<ObjectPattern>();
        foreach (var text in objects.Take(Most))
        {
            var shown = Validation.Shown(text);
            if (!ObjectPattern.TryParse(text, out var pattern))
            {
                check.Require(
                    false,
                    "objects",
                    new FieldFault(
                        "not_object_pattern",
                        $"'{shown}' is not a pattern type:id, such as base:app123 or workspace:* (one * at the end at most, no .. and no //)",
                        ("value", shown)
                    )
                );
                continue;
            }

            check.Require(
                types?.Contains(pattern.Type, StringComparer.Ordinal) is not false,
                "objects",
                new FieldFault(
                    "not_object_type",
                    $"'{shown}': no API at which the role has permissions declares the object type {pattern.Type}",
                    ("value", shown),
                    ("type", pattern.Type)
                )
            );
            patterns.Add(pattern);
        }

        return patterns;
    }
}
