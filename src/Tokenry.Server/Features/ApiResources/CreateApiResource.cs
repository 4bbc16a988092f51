using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.ApiResources;

/// <summary>Registers an API resource.</summary>
public sealed class CreateApiResource(IdempotentGate gate, SigningKeyOnDemand signingKey, TimeProvider time)
{
    private const string Action = "api_resource.created";
    private static readonly Demand Demand = new(ManagementApi.ApiResourcesWrite);

    public async Task<ApiResource> RunAsync(Caller caller, ApiResourceRequest request)
    {
        var newKey = await signingKey.PrepareAsync(caller, Demand, Action, request.AccessTokenSigningAlg);
        try
        {
            return await gate.WriteAsync(
                caller,
                Demand,
                Action,
                async operation =>
                {
                    var (tx, entry, _, _, catalog) = operation;
                    var now = time.GetUtcNow();
                    var resource = new ApiResource
                    {
                        Id = PublicId.Create("res", PublicId.NewUuid7(now)),
                        Identifier = request.Identifier,
                        Name = request.Name.Trim(),
                        Scopes = request.Scopes ?? [],
                        AcceptedCredentials = request.AcceptedCredentials ?? ApiResourceRules.DefaultAccepted,
                        Carriers = request.Carriers ?? ApiResourceRules.DefaultCarriers,
                        ObjectTypes = request.ObjectTypes ?? [],
                        ObjectsInTokens = request.ObjectsInTokens ?? false,
                        AccessTokenLifetimeSeconds = request.AccessTokenLifetimeSeconds ?? ApiResourceRules.DefaultLifetimeSeconds,
                        AccessTokenSigningAlg = request.AccessTokenSigningAlg ?? ApiResourceRules.DefaultSigningAlg,
                        ResourceServers = request.ResourceServers ?? [],
                        MinimumStrength = request.MinimumStrength ?? MinimumStrength.Bearer,
                        OneTimeTokens = request.OneTimeTokens ?? false,
                        AccessLog = request.AccessLog ?? AccessLogLevel.Denials,
                        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()),
                    };
                    await ApiResourceRules.CheckAsync(tx, resource);
                    if (catalog.Named(resource.Identifier) is { } same)
                    {
                        throw ProblemException.Exists(
                            $"An API resource with this identifier already exists: {same.Identifier}. Use it, or choose another identifier."
                        );
                    }

                    entry.TargetType = "api_resource";
                    entry.TargetId = resource.Id;
                    entry.Api = resource.Identifier;
                    await signingKey.KeepAsync(operation, newKey);
                    await ApiResourceStore.InsertAsync(tx, ApiResourceRow.Of(resource));
                    entry.Changes = AuditChanges.Made(resource);
                    return resource;
                }
            );
        }
        catch (UniqueViolationException)
        {
            throw ProblemException.Exists("An API resource with this identifier already exists. Use it, or choose another identifier.");
        }
    }
}
