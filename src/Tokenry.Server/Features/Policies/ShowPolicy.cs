using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Features.Policies;

/// <summary>Shows the policy of the server or of an organization, with what binds there in effect.</summary>
public sealed class ShowPolicy(Gate gate)
{
    /// <param name="caller">The caller.</param>
    /// <param name="organizationId">The organization; <c>null</c> = the server.</param>
    public Task<Policy> RunAsync(Caller caller, string? organizationId) =>
        gate.ReadOneAsync(
            caller,
            PoliciesApi.Read(organizationId),
            "policy.read",
            async read =>
            {
                if (organizationId is not null)
                {
                    await OrganizationStore.FindAsync(read.Connection, organizationId, read.Reach);
                }

                return await ReadAsync(read.Connection, organizationId);
            }
        );

    /// <summary>What binds the credentials that the caller makes for itself, so that it need not try; this needs no scope.</summary>
    public Task<EffectivePolicy> OwnAsync(Caller caller) =>
        gate.ReadOneAsync(
            caller,
            demand: null,
            "policy.read",
            async read => (await PolicyStore.OfAsync(read.Connection, read.Caller.OrganizationId)).Effective()
        );

    /// <summary>The policy as answers show it.</summary>
    internal static async Task<Policy> ReadAsync(StoreReader store, string? organizationId)
    {
        var owner = organizationId ?? PolicyStore.Server;
        var policies = await PolicyStore.OfAsync(store, organizationId);
        var rules = policies.Of(owner).Policies.Select(policy => policy.Rules).FirstOrDefault() ?? new();
        return new()
        {
            Owner = owner,
            MaxLifetimes = rules.MaxLifetimes,
            ExpiryRequired = rules.ExpiryRequired,
            MaxTokensPerUser = rules.MaxTokensPerUser,
            ForbiddenKinds = rules.ForbiddenKinds,
            AllowedNetworks = rules.AllowedNetworks,
            InvitedAccounts = rules.InvitedAccounts,
            Recoverable = rules.Recoverable,
            ApprovalRequired = rules.ApprovalRequired,
            Effective = policies.Effective(),
        };
    }
}
