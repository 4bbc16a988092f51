using Tokenry.Protocol.Access;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Audit;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Credentials;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Principals;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Features.ApiKeys;

/// <summary>
/// For the person in a hurry: an application, a role with just these scopes and a key, in one call. A role that has just these scopes is
/// used again rather than made twice.
/// </summary>
public sealed class CreateApplicationWithApiKey(Gate gate, IssueCredential issue, Caps caps, TimeProvider time)
{
    public async Task<Credential> RunAsync(Caller caller, QuickApiKeyRequest request)
    {
        return await gate.WriteOnceAsync(
            caller,
            CredentialFamily.ApiKeys.Write,
            "api_key.created",
            async operation =>
            {
                var (tx, entry, caller, keys, catalog) = operation;
                var reach = ReachOf(caller, keys);
                var check = new Validation();
                check.Name("name", request.Name);
                check.Require(request.Scopes.Count > 0, "scopes", "needs at least one");
                Permission[] permissions = [new(request.Api, request.Scopes)];
                CredentialDraft.CheckPermissions(check, catalog, permissions);
                check.ThrowIfAny();
                var scopes = ScopeSet.Of(request.Scopes);
                var role = await FindOrMakeRoleAsync(tx, caller, reach, catalog, catalog.Resource(request.Api)!, scopes);
                var owner = await RegisterAsync(tx, caller, reach, request.Name, role);
                // The catalog of this moment does not hold a role made in this transaction; the one that commits does.
                var with = new Catalog(
                    [.. catalog.Resources.Where(r => r.Identifier != ManagementApi.Identifier)],
                    [.. catalog.Roles.Where(r => !r.BuiltIn && r.Id != role.Id), role]
                );
                return await issue.RunAsync(
                    tx,
                    entry,
                    caller,
                    reach,
                    with,
                    owner,
                    CredentialKind.ApiKey,
                    new CredentialDraft { Name = request.Name, Permissions = new(permissions) }
                );
            }
        );
    }

    /// <summary>
    /// The key alone needs <c>credentials:write</c>; its application needs the right to register one, and who registers only their own gives
    /// it no more than they have, whatever they may do with keys.
    /// </summary>
    private static Reach ReachOf(Caller caller, Reach keys) =>
        caller.Management.Contains(ManagementApi.ApplicationsWrite) ? keys
        : caller.Management.Contains(ManagementApi.ApplicationsOwn) ? new Reach(caller.Principal.Id)
        : throw Problems.InsufficientScope(ManagementApi.Identifier, [ManagementApi.ApplicationsWrite]);

    private async Task<RoleFacts> FindOrMakeRoleAsync(
        WriteTransaction tx,
        Caller caller,
        Reach reach,
        Catalog catalog,
        ApiResourceFacts api,
        ScopeSet scopes
    )
    {
        var grants = GrantSet.Of([(api, scopes)]);
        MintingRule.CheckManagement(caller, grants.At(ManagementApi.Resource));
        if (reach.OwnOf is not null)
        {
            MintingRule.CheckWithinOwn(catalog, caller, PermissionSet.Of([(api.Identifier, grants.At(api))]));
        }

        if (
            // Only one that such a call made: a role of people's making may be widened one day for reasons of its own.
            catalog.Roles.FirstOrDefault(role =>
                !role.BuiltIn
                && role.Name.EndsWith(role.Id, StringComparison.Ordinal)
                && role.Permissions.Grants is [var only]
                && only.ResourceId == api.Id
                && only.AsOf == api.Register.Generation
                && only.Scopes.Equals(scopes)
            ) is
            { } known
        )
        {
            return known;
        }

        var now = time.GetUtcNow();
        var id = PublicId.Create("rol", PublicId.NewUuid7(now));
        var name = api.Identifier;
        var row = new RoleRow
        {
            Id = id,
            Name = $"{(name.Length > 100 ? name[..100] : name)} {id}", // unique, whatever names people have given
            Description = $"Made with an API key: {scopes} at {name}."[
                ..Math.Min(500, $"Made with an API key: {scopes} at {name}.".Length)
            ],
            Permissions = grants.ToColumn(),
            CreatedAt = now.ToUnixTimeMilliseconds(),
        };
        await RoleStore.InsertAsync(tx, row);
        RecordCreated(tx, caller, "role", id);
        return row.ToFacts();
    }

    private async Task<PrincipalFacts> RegisterAsync(WriteTransaction tx, Caller caller, Reach reach, string name, RoleFacts role)
    {
        var now = time.GetUtcNow();
        var row = new PrincipalRow
        {
            Id = PublicId.Create("app", PublicId.NewUuid7(now)),
            Type = PrincipalType.Application,
            Name = name.Trim(),
            OwnerId = reach.OwnOf,
            Enabled = 1,
            CreatedAt = now.ToUnixTimeMilliseconds(),
        };
        await caps.CheckApplicationsAsync(tx, row.OwnerId);
        await PrincipalStore.InsertAsync(tx, row, passwordHash: null, [role.Id]);
        RecordCreated(tx, caller, PrincipalType.Application, row.Id);
        return row.ToFacts([role.Id]);
    }

    /// <summary>What the key brings with it is a mutation of its own in the audit.</summary>
    private void RecordCreated(WriteTransaction tx, Caller caller, string type, string id)
    {
        var entry = gate.Entry(caller, $"{type}.created", AuditEntry.Success, reason: null);
        entry.TargetType = type;
        entry.TargetId = id;
        tx.Record(entry);
    }
}
