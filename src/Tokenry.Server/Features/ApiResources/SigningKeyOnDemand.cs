using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Signing;

namespace Tokenry.Server.Features.ApiResources;

/// <summary>
/// Creates the key of an algorithm when the first API resource uses it, in the same transaction. So no token request waits for key
/// generation.
/// </summary>
public sealed class SigningKeyOnDemand(SigningKeyRing signingKeys, Gate gate, TimeProvider time)
{
    /// <summary>Generates the key before the transaction, but after the Gate: an unauthorized caller must not cause this work.</summary>
    /// <returns>The key to store; <c>null</c> if no new key is needed.</returns>
    public async Task<NewSigningKey?> PrepareAsync(Caller caller, Demand demand, string action, string? algorithm)
    {
        if (!JwsAlgorithms.Signs(algorithm))
        {
            return null; // no algorithm requested, or one that the rules refuse
        }

        await gate.AuthorizeAsync(caller, demand, action);
        return await signingKeys.PrepareAsync(algorithm!);
    }

    /// <summary>Stores the key and records it, unless another replica stored one first.</summary>
    public async Task KeepAsync(OperationContext operation, NewSigningKey? key)
    {
        var (tx, entry, _, _, _) = operation;
        if (key is null || !await SigningKeyStore.InsertActiveAsync(tx, key, time.GetUtcNow()))
        {
            return;
        }

        tx.Record(entry.With("signing_key.created", "signing_key", key.KeyId));
    }
}
