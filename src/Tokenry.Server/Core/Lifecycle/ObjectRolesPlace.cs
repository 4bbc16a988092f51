using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>Whose roles on objects a request is about, and where they count.</summary>
/// <param name="Principal">The principal.</param>
/// <param name="OrganizationId">The organization; <c>null</c> = wherever the principal acts.</param>
public sealed record ObjectRolesPlace(PrincipalAddress Principal, string? OrganizationId = null)
{
    /// <summary>A member of an organization.</summary>
    public static ObjectRolesPlace Member(string organizationId, string id) =>
        new(PublicId.IsWellFormed(id, "usr") ? PrincipalAddress.User(id) : PrincipalAddress.Application(id), organizationId);

    /// <summary>The scopes a caller needs to see them.</summary>
    public Demand Read => OrganizationId is null ? Principal.Read : OrganizationOperations.Read;

    /// <summary>The scopes a caller needs to change them.</summary>
    public Demand Write => OrganizationId is null ? Principal.Write : OrganizationOperations.Write;

    /// <summary>The action of a read.</summary>
    public string ReadAction => OrganizationId is null ? $"{Principal.Type}.object_roles_read" : "organization.member_object_roles_read";

    /// <summary>The action of a change.</summary>
    public string ReplacedAction =>
        OrganizationId is null ? $"{Principal.Type}.object_roles_replaced" : "organization.member_object_roles_replaced";

    /// <summary>The page of the principal there.</summary>
    public string PageOfPrincipal =>
        OrganizationId is null ? $"{Principal.Type}s/{Principal.Id}" : $"organizations/{OrganizationId}/members/{Principal.Id}";

    /// <summary>The page of the roles.</summary>
    public string Page => $"{PageOfPrincipal}/object-roles";

    /// <summary>Finds the principal for a read.</summary>
    /// <exception cref="ProblemException">404: there is none, none in reach, or no such member.</exception>
    public async Task<string> FindAsync(ReadContext read)
    {
        if (OrganizationId is null)
        {
            return (await PrincipalStore.ShowAsync(read.Connection, Principal.Type, Principal.Id, read.Reach)).Row.Name;
        }

        await OrganizationStore.FindAsync(read.Connection, OrganizationId, read.Reach);
        return (await OrganizationStore.MemberAsync(read.Connection, OrganizationId, Principal.Id))?.Name
            ?? throw ProblemException.NotFound();
    }

    /// <summary>Finds the principal for a change and makes it the target of the audit event.</summary>
    /// <inheritdoc cref="FindAsync"/>
    public async Task FindForChangeAsync(OperationContext operation)
    {
        if (OrganizationId is null)
        {
            await PrincipalOperations.FindForChangeAsync(operation, Principal);
            return;
        }

        var tx = operation.Transaction;
        await OrganizationOperations.FindForChangeAsync(operation, OrganizationId);
        var member = await PrincipalStore.FindAsync(tx, Principal.Type, Principal.RequiredId);
        if (member is null || (await OrganizationStore.RolesAsync(tx, OrganizationId, member.Id)).Count == 0)
        {
            throw ProblemException.NotFound();
        }

        operation.Entry.TargetType = Principal.Type;
        operation.Entry.TargetId = Principal.Id;
    }
}
