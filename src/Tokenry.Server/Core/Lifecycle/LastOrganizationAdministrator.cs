using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// Keeps at least one enabled user with the role <c>organization_administrator</c> in each enabled organization that has one. A disabled organization may lose
/// its last one, so that it can be emptied and deleted.
/// </summary>
public static class LastOrganizationAdministrator
{
    private const string Administrators = """
        FROM organization_members m JOIN principals p ON p.id = m.principal_id JOIN organizations o ON o.id = m.organization_id
        WHERE m.role_id = @role AND o.enabled = 1 AND p.type = 'user' AND p.enabled = 1 AND p.deleted_at IS NULL
        """;

    /// <summary>Runs a change that takes a role from a member, or disables or deletes the member.</summary>
    /// <param name="tx">The transaction. It holds no locks of credentials yet.</param>
    /// <param name="principalId">The member.</param>
    /// <param name="change">The change.</param>
    /// <exception cref="ProblemException">409: an organization would have no administrator left.</exception>
    public static async Task KeepAsync(WriteTransaction tx, string principalId, Func<Task> change)
    {
        var role = ManagementApi.OrganizationAdministrator.Id;
        var before = await OfAsync();
        if (before.Length > 0 && await LastAdministrator.HoldAsync(tx))
        {
            before = await OfAsync();
        }

        await change();
        if (before.Length == 0)
        {
            return;
        }

        var left = await tx.QueryAsync<string>(
            $"SELECT DISTINCT m.organization_id {Administrators} AND {tx.Dialect.In("m.organization_id", "@before")}",
            new { role, before }
        );
        if (before.Except(left, StringComparer.Ordinal).FirstOrDefault() is { } without)
        {
            throw new ProblemException(
                409,
                ProblemCode.LastAdministrator,
                $"This would leave the organization {without} without an administrator. Give another enabled user the role organization_administrator there "
                    + "first. To give the organization up, disable it first."
            );
        }

        async Task<string[]> OfAsync() =>
            [
                .. await tx.QueryAsync<string>(
                    $"SELECT m.organization_id {Administrators} AND m.principal_id = @principalId ORDER BY m.organization_id",
                    new { role, principalId }
                ),
            ];
    }
}
