using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.SigningKeys;

/// <summary>
/// Manual rotation: publishes the next key, or activates the published one. A published key activates by itself after verifiers had time to
/// fetch it.
/// </summary>
public sealed class RotateSigningKey(
    Gate gate,
    IdempotentGate idempotentGate,
    SigningKeyRing signingKeys,
    SigningKeyMoves moves,
    TokenryOptions options,
    TimeProvider time
)
{
    private const string Action = "signing_key.rotated";
    private static readonly Demand Demand = new(ManagementApi.SigningKeysWrite);

    public async Task<Protocol.Api.SigningKey> RunAsync(Caller caller, SigningKeyRotationRequest request)
    {
        await gate.AuthorizeAsync(caller, Demand, Action); // an unauthorized caller must not make the server generate a key
        await signingKeys.CatchUpAsync();
        var held = signingKeys.Held.Select(key => key.Row).Where(row => row.Algorithm == request.Algorithm).ToList();
        // Generated outside the transaction, so that other writers do not wait. The key is wasted only if another rotation ended meanwhile.
        var made =
            held.Exists(row => row.IsActive) && !held.Exists(row => row.IsNext) ? await signingKeys.MakeAsync(request.Algorithm) : null;
        var key = await idempotentGate.WriteAsync(
            caller,
            Demand,
            Action,
            async operation =>
            {
                var (tx, entry, _, _, _) = operation;
                entry.TargetType = "signing_key";
                entry.TargetId = await MoveAsync(tx, request, made, action => entry.With(action));
                return (await SigningKeyStore.FindAsync(tx, entry.TargetId))!.ToSigningKey();
            }
        );
        await signingKeys.CatchUpAsync();
        return key;
    }

    /// <returns>The id of the active key, or of the published next key.</returns>
    private async Task<string> MoveAsync(
        WriteTransaction tx,
        SigningKeyRotationRequest request,
        NewSigningKey? made,
        Func<string, AuditEntry> newEntry
    )
    {
        if (!JwsAlgorithms.Signs(request.Algorithm))
        {
            throw ProblemException.Invalid("algorithm", $"must be {JwsAlgorithms.Es256} or {JwsAlgorithms.Rs256}");
        }

        var immediately = request.Immediately ?? false;
        var (active, next) = await SigningKeyStore.LockAsync(tx, request.Algorithm);
        if (active is null)
        {
            throw ProblemException.Invalid(
                "algorithm",
                new FieldFault(
                    "algorithm_unused",
                    "has no key, because no API resource uses it; set access_token_signing_alg of an API resource first"
                )
            );
        }

        if (next is not null)
        {
            RequireReady(next, immediately);
            await moves.ActivateAsync(tx, active.KeyId, next.KeyId, newEntry);
            return next.KeyId;
        }

        if (made is null || !await moves.PublishAsync(tx, made, due: time.GetUtcNow(), newEntry))
        {
            throw NotReady("Another rotation just ended. Repeat the request to rotate again.");
        }

        if (immediately)
        {
            await moves.ActivateAsync(tx, active.KeyId, made.KeyId, newEntry);
        }

        return made.KeyId;
    }

    private void RequireReady(SigningKeyRow next, bool immediately)
    {
        var published = DateTimeOffset.FromUnixTimeMilliseconds(next.CreatedAt);
        var ready = published + options.SigningKeys.PublishAhead;
        if (!immediately && time.GetUtcNow() < ready)
        {
            throw NotReady(
                $"The next key was published at {TimestampConverter.Format(published)}. Verifiers that cache the key set may not know it before "
                    + $"{TimestampConverter.Format(ready)}. It activates by itself at {TimestampConverter.Format(DateTimeOffset.FromUnixTimeMilliseconds(next.ActivatesAt!.Value))}"
                    + ". Send \"immediately\": true to activate it now."
            );
        }
    }

    private static ProblemException NotReady(string detail) => new(409, ProblemCode.SigningKeyNotReady, detail);
}
