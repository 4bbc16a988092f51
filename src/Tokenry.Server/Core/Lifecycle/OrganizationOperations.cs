using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>What operations on an organization share.</summary>
internal static class OrganizationOperations
{
    /// <summary>The scopes a caller needs to see an organization and its members.</summary>
    public static readonly Demand Read = new(ManagementApi.OrganizationsRead) { OrganizationScope = ManagementApi.OrganizationRead };

    /// <summary>The scopes a caller needs to change them.</summary>
    public static readonly Demand Write = new(ManagementApi.OrganizationsWrite) { OrganizationScope = ManagementApi.OrganizationWrite };

    /// <summary>The target type of audit events.</summary>
    public const string Noun = "organization";

    /// <summary>Finds an organization that the caller may change, locks it, and makes it the target of the audit entry.</summary>
    public static async Task<OrganizationRow> FindForChangeAsync(OperationContext operation, string id)
    {
        var row = await OrganizationStore.FindAsync(operation.Transaction, id, operation.Reach);
        operation.Entry.TargetType = Noun;
        operation.Entry.TargetId = id;
        operation.Entry.OrganizationId = id;
        return row;
    }
}
