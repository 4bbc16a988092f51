using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Approvals.RoleRequests;

/// <summary>
/// The roles that a user can ask for: those that are marked so, where they can be given, without those that the user has. The names of other roles stay with
/// those who may read roles.
/// </summary>
public sealed class RoleOffer(Gate gate)
{
    /// <summary>What every user may do about their own credentials and roles.</summary>
    internal static readonly Demand Own = new(ManagementApi.TokensOwn);

    /// <exception cref="ProblemException">404: the caller is no user.</exception>
    public Task<Page<RequestableRole>> ListAsync(Caller caller) =>
        gate.ReadOneAsync(
            caller,
            Own,
            "role_requests.offered",
            async read =>
            {
                RequireUser(read.Caller);
                var principal = read.Caller.Principal;
                var offered = read.Caller.OrganizationId is null ? In(read.Catalog, organizationId: null, principal.RoleIds) : [];
                var memberships = principal
                    .Memberships.Where(member => read.Caller.OrganizationId is not { } there || member.OrganizationId == there)
                    .ToDictionary(member => member.OrganizationId, member => member.RoleIds, StringComparer.Ordinal);
                foreach (var organization in await OrganizationStore.OfIdsAsync(read.Connection, [.. memberships.Keys]))
                {
                    if (organization.Enabled == 1)
                    {
                        offered = offered.Concat(In(read.Catalog, organization.Id, memberships[organization.Id]));
                    }
                }

                return new Page<RequestableRole>([.. offered], null);
            }
        );

    /// <summary>Whether users can ask for that role there.</summary>
    internal static bool Has(RoleFacts role, string? organizationId) =>
        role.IsRequestable && (!role.BuiltIn || ManagementApi.IsOfOrganization(role) == organizationId is not null);

    /// <exception cref="ProblemException">404: the caller is no user.</exception>
    internal static void RequireUser(Caller caller)
    {
        if (!caller.Principal.IsUser)
        {
            throw ProblemException.NotFound();
        }
    }

    private static IEnumerable<RequestableRole> In(Catalog catalog, string? organizationId, string[] held) =>
        catalog
            .Roles.Where(role => Has(role, organizationId) && !held.Contains(role.Id, StringComparer.Ordinal))
            .OrderBy(role => role.BuiltIn ? 0 : 1)
            .ThenBy(role => role.BuiltIn ? role.Id : role.Name, StringComparer.OrdinalIgnoreCase)
            .Select(role => new RequestableRole
            {
                Id = role.Id,
                Name = role.Name,
                Description = role.Description,
                OrganizationId = organizationId,
            });
}
