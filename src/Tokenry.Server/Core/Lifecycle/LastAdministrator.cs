using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>
/// Keeps at least one enabled user who holds every management right through roles: otherwise no caller could give rights back. An application does not count,
/// since its secrets can be lost.
/// </summary>
public static class LastAdministrator
{
    /// <summary>Runs a change that takes roles from a user, or disables or deletes the user.</summary>
    /// <exception cref="ProblemException">409: no administrator would be left.</exception>
    public static async Task KeepAsync(OperationContext operation, PrincipalRow user, IReadOnlyList<string> roles, Func<Task> change)
    {
        var catalog = operation.Catalog;
        // Only a change to an administrator can remove the last one.
        var isOne = user is { Type: PrincipalType.User, Enabled: 1 } && IsEverything(roles.Select(id => ManagementOf(catalog.Role(id))));
        await KeepAsync(operation.Transaction, isOne ? catalog.Roles : null, catalog.Roles, change);
    }

    /// <summary>Runs a change of a role.</summary>
    /// <inheritdoc cref="KeepAsync(OperationContext, PrincipalRow, IReadOnlyList{string}, Func{Task})"/>
    public static async Task KeepAsync(OperationContext operation, RoleFacts changed, Func<Task> change)
    {
        var catalog = operation.Catalog;
        var isLess = !ManagementOf(changed).IsSupersetOf(ManagementOf(catalog.Role(changed.Id)));
        await KeepAsync(
            operation.Transaction,
            isLess ? catalog.Roles : null,
            [.. catalog.Roles.Where(role => role.Id != changed.Id), changed],
            change
        );
    }

    /// <param name="tx">The transaction.</param>
    /// <param name="before">The roles before the change; <c>null</c> if it cannot remove the last administrator.</param>
    /// <param name="after">The roles after it.</param>
    /// <param name="change">The change.</param>
    private static async Task KeepAsync(
        WriteTransaction tx,
        IEnumerable<RoleFacts>? before,
        IEnumerable<RoleFacts> after,
        Func<Task> change
    )
    {
        if (before is null)
        {
            await change();
            return;
        }

        await HoldAsync(tx);
        // A store that has none already (of an older version) may still change.
        var isGuarded = await ExistsAsync(tx, before);
        await change();
        if (isGuarded && !await ExistsAsync(tx, after))
        {
            throw new ProblemException(
                409,
                ProblemCode.LastAdministrator,
                "This would leave no enabled user who holds every management right. Give another user the role administrator first. If no "
                    + "administrator is left who can, run './run admin token --revive' on the server's host."
            );
        }
    }

    /// <summary>Without this lock, each of two concurrent changes would still see the other's administrator.</summary>
    /// <returns>Whether others may have committed before it was granted.</returns>
    internal static async Task<bool> HoldAsync(WriteTransaction tx)
    {
        if (tx.Dialect.AdministratorsLock is not { Length: > 0 } take)
        {
            return false;
        }

        await tx.FirstOrDefaultAsync<int>(take);
        return true;
    }

    private static async Task<bool> ExistsAsync(WriteTransaction tx, IEnumerable<RoleFacts> roles)
    {
        var management = roles.Select(role => (role.Id, Scopes: ManagementOf(role))).Where(role => !role.Scopes.IsEmpty).ToList();
        var whole = management.Where(role => IsEverything([role.Scopes])).Select(role => role.Id).Append("").ToArray();
        const string holders =
            "FROM principal_roles r JOIN principals p ON p.id = r.principal_id WHERE p.type = 'user' AND p.enabled = 1 AND p.deleted_at IS NULL";
        if (
            await tx.FirstOrDefaultAsync<string>($"SELECT p.id {holders} AND {tx.Dialect.In("r.role_id", "@whole")} LIMIT 1", new { whole })
            is not null
        )
        {
            return true;
        }

        var scopes = management.ToDictionary(role => role.Id, role => role.Scopes, StringComparer.Ordinal);
        var partly = scopes.Keys.Append("").ToArray();
        var held = await tx.QueryAsync<(string User, string Role)>(
            $"SELECT p.id, r.role_id {holders} AND {tx.Dialect.In("r.role_id", "@partly")}",
            new { partly }
        );
        return held.GroupBy(pair => pair.User, StringComparer.Ordinal).Any(user => IsEverything(user.Select(pair => scopes[pair.Role])));
    }

    private static bool IsEverything(IEnumerable<ScopeSet> scopes) =>
        scopes.Aggregate(ManagementOf(ManagementApi.Member), (all, more) => all.Union(more)).IsSupersetOf(ManagementApi.OfServer);

    private static ScopeSet ManagementOf(RoleFacts? role) => role?.Permissions.At(ManagementApi.Resource) ?? ScopeSet.Empty;
}
