using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Signing;

namespace Tokenry.Server.Features.ApiResources;

/// <summary>
/// An algorithm's key is made when the first API resource asks for it and commits with that resource, so that no token request ever waits for
/// a key to be made.
/// </summary>
public sealed class SigningKeyOnDemand(SigningKeyRing signingKeys, Gate gate, TimeProvider time)
{
    /// <summary>Before the transaction, and after the Gate: nobody else may make the server work that hard.</summary>
    /// <returns>To be kept; <c>null</c> where no new key is needed.</returns>
    public async Task<NewSigningKey?> PrepareAsync(Caller caller, Demand demand, string action, string? algorithm)
    {
        if (!JwsAlgorithms.Signs(algorithm))
        {
            return null; // the default, or what the rules refuse
        }

        await gate.AuthorizeAsync(caller, demand, action);
        return await signingKeys.PrepareAsync(algorithm!);
    }

    /// <summary>Stores the key, unless another replica was first, and records it.</summary>
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
