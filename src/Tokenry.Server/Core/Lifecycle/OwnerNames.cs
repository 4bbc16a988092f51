using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// The names of the owners that a page of a list shows: one look-up for the page. It names only those that the caller may open by other means; a list shows the
/// others by their ids.
/// </summary>
public sealed class OwnerNames(Gate gate)
{
    /// <summary>The most names of one page.</summary>
    private const int Most = 400;

    /// <param name="caller">The caller.</param>
    /// <param name="ids">Users, applications and organizations; <c>null</c> and other ids are left out.</param>
    public async Task<IReadOnlyDictionary<string, string>> OfAsync(Caller caller, IEnumerable<string?> ids)
    {
        var asked = ids.OfType<string>()
            .Distinct(StringComparer.Ordinal)
            .Take(Most)
            .ToLookup(id => id.StartsWith("org_", StringComparison.Ordinal));
        if (!asked[true].Any() && !asked[false].Any())
        {
            return new Dictionary<string, string>();
        }

        return await gate.ReadOneAsync(
            caller,
            demand: null,
            "user.read",
            async read =>
            {
                var names = new Dictionary<string, string>(StringComparer.Ordinal);
                StoreReader store = read.Connection;
                if (asked[false].ToArray() is { Length: > 0 } principals)
                {
                    foreach (var row in await PrincipalStore.OfIdsAsync(store, principals))
                    {
                        if (MaySee(read.Caller, row))
                        {
                            names[row.Id] = row.Name;
                        }
                    }
                }

                if (asked[true].ToArray() is { Length: > 0 } organizations)
                {
                    foreach (var row in await OrganizationStore.OfIdsAsync(store, organizations))
                    {
                        if (
                            read.Caller.OrganizationId is { } own
                                ? own == row.Id
                                : read.Caller.Management.Contains(ManagementApi.OrganizationsRead)
                        )
                        {
                            names[row.Id] = row.Name;
                        }
                    }
                }

                return names;
            }
        );
    }

    /// <summary>Who acts in an organization sees there only what belongs to it, and its members' names.</summary>
    private static bool MaySee(Caller caller, PrincipalRow row) =>
        caller.OrganizationId is not null
        || caller.Management.Contains(row.Type == PrincipalType.User ? ManagementApi.UsersRead : ManagementApi.ApplicationsRead)
        || new Reach(caller.Principal.Id).Includes(row);
}
