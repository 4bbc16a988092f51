using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Roles;

/// <summary>Checks a role at create and after every update: its format, and that its maker may grant its permissions.</summary>
public static class RoleRules
{
    /// <param name="operation">The operation that creates or changes the role.</param>
    /// <param name="name">Its name.</param>
    /// <param name="description">Words for people.</param>
    /// <param name="permissions">The new permissions; <c>null</c> = they stay unchanged.</param>
    /// <returns>The name as it is stored.</returns>
    public static string Check(OperationContext operation, string? name, string? description, IReadOnlyList<Permission>? permissions)
    {
        var check = new Validation();
        var clean = check.Name("name", name);
        check.Require(
            !ManagementApi.BuiltInRoles.Any(role => role.Name == clean),
            "name",
            new FieldFault("builtin_name", "is the name of a built-in role")
        );
        check.Text("description", description, 500);
        CredentialDraft.CheckPermissions(check, operation.Catalog, permissions);
        check.ThrowIfAny();
        MintingRule.CheckManagement(operation.Caller, PermissionSet.Of(permissions ?? []).At(ManagementApi.Identifier));
        return clean;
    }

    public static ProblemException NameTaken() => ProblemException.Exists("A role with this name exists.");
}
