using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.SigningKeys;

/// <summary>
/// Marks a key as compromised: the server refuses every token it signed at once. If the key was active, the next key replaces it, or a new
/// key if no next key exists. An algorithm in use always has an active key.
/// </summary>
public sealed class TaintSigningKey(Gate gate, SigningKeyRing signingKeys, SigningKeyMoves moves, Brands brands, TimeProvider time)
{
    private const string Action = "signing_key.tainted";
    private const int LongestReason = 200;
    private static readonly Demand Demand = new(ManagementApi.SigningKeysWrite);

    public async Task<Protocol.Api.SigningKey> RunAsync(Caller caller, string id, SigningKeyTaintRequest request)
    {
        await gate.AuthorizeAsync(caller, Demand, Action); // an unauthorized caller must not make the server generate a key
        var check = new Validation();
        var reason = brands.Reason(check, request.Reason.Trim(), LongestReason)!;
        check.Require(reason.Length > 0, "reason", Validation.Empty);
        check.ThrowIfAny();

        await signingKeys.CatchUpAsync();
        var held = signingKeys.Held.FirstOrDefault(key => key.Row.KeyId == id).Row;
        var spare = held is null ? null : await MakeSpareAsync(held);
        var key = await gate.WriteAsync(
            caller,
            Demand,
            Action,
            async operation =>
            {
                var (tx, entry, _, _, _) = operation;
                entry.TargetType = "signing_key";
                entry.TargetId = id;
                entry.Reason = reason;
                var found = await SigningKeyStore.FindAsync(tx, id) ?? throw ProblemException.NotFound();
                await ReplaceAsync(tx, found, spare, action => entry.With(action));
                return (await SigningKeyStore.FindAsync(tx, id))!.ToSigningKey();
            }
        );
        await signingKeys.CatchUpAsync();
        return key;
    }

    /// <summary>Generates a key in every state of <paramref name="held"/>, because a rotation may activate it meanwhile.</summary>
    private async Task<NewSigningKey?> MakeSpareAsync(SigningKeyRow held)
    {
        try
        {
            return await signingKeys.MakeAsync(held.Algorithm);
        }
        catch (StoreUnavailableException)
            when (!held.IsActive || signingKeys.Held.Any(key => key.Row.IsNext && key.Row.Algorithm == held.Algorithm))
        {
            return null; // the PKCS#11 token is unavailable, and no key is needed at this moment
        }
    }

    private async Task ReplaceAsync(WriteTransaction tx, SigningKeyRow found, NewSigningKey? spare, Func<string, AuditEntry> newEntry)
    {
        var (active, next) = await SigningKeyStore.LockAsync(tx, found.Algorithm);
        await moves.TaintAsync(tx, found.KeyId);
        if (active?.KeyId != found.KeyId)
        {
            return;
        }

        var successor = next?.KeyId;
        if (successor is null)
        {
            if (spare is null || !await moves.PublishAsync(tx, spare, due: time.GetUtcNow(), newEntry))
            {
                throw new ProblemException(
                    409,
                    ProblemCode.SigningKeyNotReady,
                    "The key became active during this request. Repeat the request."
                );
            }

            successor = spare.KeyId;
        }

        await moves.ActivateAsync(tx, active: null, successor, newEntry);
    }
}
