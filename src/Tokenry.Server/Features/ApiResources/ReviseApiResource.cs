using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Foundation.Access;
using Tokenry.Server.Foundation.Authentication;
using Tokenry.Server.Foundation.Http;
using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Features.ApiResources;

/// <summary>PATCH and DELETE of an API resource. A scope that goes is gone from every credential and role at the next check.</summary>
public sealed class ReviseApiResource(Gate gate, SigningKeyOnDemand signingKey)
{
    private const string Updated = "api_resource.updated";
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
                var (tx, entry, caller, _, _) = operation;
                var old = (
                    (IsId(id) ? await ApiResourceStore.FindAsync(tx, id) : null) ?? throw ProblemException.NotFound()
                ).ToApiResource();
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
                await signingKey.KeepAsync(tx, caller, newKey);
                await ApiResourceStore.UpdateAsync(tx, ApiResourceRow.Of(resource));
                return resource;
            }
        );
    }

    public Task DeleteAsync(Caller caller, string id) =>
        gate.WriteAsync(
            caller,
            Demand,
            "api_resource.deleted",
            async operation =>
            {
                var (tx, entry, _, _, _) = operation;
                entry.TargetType = "api_resource";
                entry.TargetId = IsId(id) ? id : throw ProblemException.NotFound();
                return await ApiResourceStore.DeleteAsync(tx, id) || await Tombstones.IsBuriedAsync(tx, id)
                    ? true
                    : throw ProblemException.NotFound();
            }
        );

    internal static bool IsId(string id) => PublicId.IsWellFormed(id, "res");
}
