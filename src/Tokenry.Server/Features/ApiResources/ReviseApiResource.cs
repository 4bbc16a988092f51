using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.ApiResources;

/// <summary>PATCH and DELETE of an API resource. A deleted scope leaves every credential and role at the next check, permanently.</summary>
public sealed class ReviseApiResource(Gate gate, SigningKeyOnDemand signingKey, TimeProvider time)
{
    private const string Updated = "api_resource.updated";
    private const string Deleted = "api_resource.deleted";
    private static readonly Demand Demand = new(ManagementApi.ApiResourcesWrite);

    public async Task<ApiResource> RunAsync(Caller caller, string id, ApiResourcePatch patch)
    {
        var newKey = await signingKey.PrepareAsync(caller, Demand, Updated, patch.AccessTokenSigningAlg.Or(null));
        return await gate.WriteAsync(
            caller,
            Demand,
            Updated,
            async operation =>
            {
                var (tx, entry, _, _, catalog) = operation;
                var before = (IsId(id) ? await ApiResourceStore.FindAsync(tx, id) : null) ?? throw ProblemException.NotFound();
                var old = before.ToApiResource();
                var resource = old with
                {
                    Name = (patch.Name.Or(old.Name) ?? "").Trim(),
                    Scopes = patch.Scopes.Or(old.Scopes) ?? [],
                    AcceptedCredentials = patch.AcceptedCredentials.Or(old.AcceptedCredentials) ?? ApiResourceRules.DefaultAccepted,
                    Carriers = patch.Carriers.Or(old.Carriers) ?? ApiResourceRules.DefaultCarriers,
                    ObjectTypes = patch.ObjectTypes.Or(old.ObjectTypes) ?? [],
                    ObjectsInTokens = patch.ObjectsInTokens.Or(old.ObjectsInTokens) ?? false,
                    AccessTokenLifetimeSeconds =
                        patch.AccessTokenLifetimeSeconds.Or(old.AccessTokenLifetimeSeconds) ?? ApiResourceRules.DefaultLifetimeSeconds,
                    AccessTokenSigningAlg = patch.AccessTokenSigningAlg.Or(old.AccessTokenSigningAlg) ?? ApiResourceRules.DefaultSigningAlg,
                    ResourceServers = patch.ResourceServers.Or(old.ResourceServers) ?? [],
                    MinimumStrength = patch.MinimumStrength.Or(old.MinimumStrength) ?? MinimumStrength.Bearer,
                    OneTimeTokens = patch.OneTimeTokens.Or(old.OneTimeTokens) ?? false,
                    AccessLog = patch.AccessLog.Or(old.AccessLog) ?? AccessLogLevel.Denials,
                };
                await ApiResourceRules.CheckAsync(tx, resource, patch.ResourceServers.IsPresent);
                entry.TargetType = "api_resource";
                entry.TargetId = id;
                entry.Api = resource.Identifier;
                await signingKey.KeepAsync(operation, newKey);
                // The time comes from the counter of access-token ids, so earlier tokens stay earlier even if the clock moves back.
                var now = PublicId.MillisecondsOf(PublicId.NewUuid7(time.GetUtcNow())) + 1;
                await ApiResourceStore.UpdateAsync(tx, ApiResourceRow.Of(resource, before, now));
                if (catalog.ResourceById(id) is { } known)
                {
                    var hands = new InHands(operation);
                    await hands.CheckTypesAsync(known, resource.ObjectTypes);
                    await (patch.Scopes.IsPresent ? hands.CheckImpliedAsync(known) : Task.CompletedTask);
                }

                entry.Changes = AuditChanges.Between(old, resource);
                return resource;
            }
        );
    }

    /// <summary>
    /// Deletes an API resource that has no uses; with <paramref name="force"/>, removes the uses too. A later API resource with the same
    /// identifier starts without grants.
    /// </summary>
    public async Task DeleteAsync(Caller caller, string id, bool force)
    {
        var credentials = await CredentialsAsync(caller, id);
        await gate.WriteAsync(
            caller,
            Demand,
            Deleted,
            async operation =>
            {
                var (tx, entry, _, _, catalog) = operation;
                entry.TargetType = "api_resource";
                entry.TargetId = IsId(id) ? id : throw ProblemException.NotFound();
                if (await ApiResourceStore.FindAsync(tx, id) is not { } row)
                {
                    return await Tombstones.IsBuriedAsync(tx, id) ? false : throw ProblemException.NotFound();
                }

                entry.Api = row.Identifier;
                var uses = await ApiResourceUses.FindAsync(tx, row, isChanged: force);
                if (!uses.IsNothing || credentials is not { Count: 0 })
                {
                    var used = uses.ToUsedBy(credentials ?? new UsedByIds(0, []));
                    var words = InWords(used, isCounted: credentials is not null);
                    entry.Reason = force ? $"removed from {words}" : throw InUse(words, credentials is null ? null : used);
                    // One member for all credentials, because there may be a million. Each keeps its grant, which has no effect any more.
                    entry.Changes = credentials is { Count: > 0 } named
                        ? [AuditChanges.OfType<UsedByIds>("credentials", named, null)]
                        : null;
                    await uses.StripAsync(
                        tx,
                        catalog,
                        row,
                        (type, target, changes) => RecordStripped(operation, (type, target), changes, row)
                    );
                }

                return await ApiResourceStore.DeleteAsync(tx, id);
            }
        );
    }

    /// <summary>
    /// The credentials that name the API resource, for a caller who may delete it; <c>null</c> if there are too many others to search.
    /// </summary>
    private async Task<UsedByIds?> CredentialsAsync(Caller caller, string id)
    {
        try
        {
            return await gate.ReadAsync(
                caller,
                Demand,
                Deleted,
                async read =>
                    IsId(id) && await ApiResourceStore.FindAsync(read.Connection, id) is not null
                        ? await ApiResourceUses.CredentialsAsync(read.Connection, id)
                        : new UsedByIds(0, [])
            );
        }
        catch (ListTooSlowException)
        {
            return null;
        }
    }

    private static ProblemException InUse(string words, UsedBy? used) =>
        new(
            409,
            ProblemCode.InUse,
            $"{words} use the API; used_by names some of them. Remove the API from them first, or send ?force=true to remove it and delete the API."
        )
        {
            UsedBy = used,
        };

    private static string InWords(UsedBy used, bool isCounted)
    {
        var credentials = isCounted ? Number(used.Credentials) : "an unknown number of";
        return $"{Number(used.Roles)} roles, {credentials} credentials and {Number(used.Applications)} applications";

        static string Number(UsedByIds ids) => ids.Count == ApiResourceUses.MostCounted ? $"{ids.Count} or more" : $"{ids.Count}";
    }

    /// <summary>Records the lost grant as an event of the role or application too.</summary>
    private static void RecordStripped(
        OperationContext operation,
        (string Type, string Id) target,
        IReadOnlyList<AuditChange> changes,
        ApiResourceRow resource
    )
    {
        var entry = operation.Entry.With($"{target.Type}.updated", target.Type, target.Id, $"{resource.Id} was deleted");
        entry.Api = resource.Identifier;
        entry.Changes = changes;
        operation.Transaction.Record(entry);
    }

    internal static bool IsId(string id) => PublicId.IsWellFormed(id, "res");
}
